"""Keys in URL templates are hidden from every reader who may not change templates."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from identities.models import SignalRInstance
from tests.accounts.callers import caller, token, user
from tests.api.fleet import instance as make_instance
from tests.api.routes import Route, routes
from upstreams.models import UpstreamTemplate

pytestmark = pytest.mark.django_db

KEY = "Zm9vYmFyLWZ1bmN0aW9uLWtleQ"
UPSTREAM = "/api/v1/instances/contoso-a/upstream/"


@pytest.fixture(autouse=True)
def instance() -> SignalRInstance:
    found = make_instance()
    UpstreamTemplate.objects.create(
        instance=found, position=0, url_template=f"https://app.example.com/api?code={KEY}"
    )
    return found


@pytest.fixture
def viewer() -> Client:
    person = user(Role.VIEWER, "eve")
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person)
    return client


def test_operator_reads_key() -> None:
    assert KEY in caller(Role.OPERATOR).get(UPSTREAM).content.decode()


def test_read_token_of_operator_does_not_read_key() -> None:
    _, client = token(Role.OPERATOR, scope=PersonalAccessToken.Scope.READ)
    assert KEY not in client.get(UPSTREAM).content.decode()


def test_viewer_reads_redacted_template() -> None:
    answer = caller(Role.VIEWER).get(UPSTREAM)
    assert answer.status_code == 200
    assert "(hidden:" in answer.content.decode()


@pytest.mark.parametrize("route", [each for each in routes() if each.method == "get"], ids=str)
def test_viewer_reads_key_nowhere_in_api(route: Route) -> None:
    assert KEY not in caller(Role.VIEWER).get(route.address).content.decode()


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=str), ids=str)  # noqa: SLF001
def test_viewer_reads_key_nowhere_in_admin(viewer: Client, model: type[Model]) -> None:
    options = model._meta  # noqa: SLF001  Django's own name
    name = f"admin:{options.app_label}_{options.model_name}"
    rows = model._default_manager.all()[:3]  # noqa: SLF001
    pages = [reverse(f"{name}_change", args=[row.pk]) for row in rows]
    for page in [reverse(f"{name}_changelist"), *pages]:
        assert KEY not in viewer.get(page).content.decode(), page


@pytest.mark.parametrize(
    "query",
    [
        "url_template__startswith=https",
        "url_template__contains=Zm9",
        "url_template=x",
        "url_template__regex=.",
    ],
)
def test_url_cannot_be_filtered(viewer: Client, query: str) -> None:
    page = reverse("admin:upstreams_upstreamtemplate_changelist")
    assert viewer.get(f"{page}?{query}").status_code in {302, 400}


@pytest.mark.parametrize(("text", "found"), [(KEY[:5], False), ("contoso-a", True)])
def test_url_cannot_be_searched(viewer: Client, text: str, found: bool) -> None:
    page = reverse("admin:upstreams_upstreamtemplate_changelist")
    content = viewer.get(f"{page}?q={text}").content.decode()
    assert ("app.example.com" in content) is found
