"""Keys in URL templates are hidden from every reader who may not change templates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

import portal.urls
from accounts.models import PersonalAccessToken
from accounts.roles import Role
from identities.models import SignalRInstance
from sync.models import DesiredRevision, Operation
from sync.operations.plans.instance import plan_instance
from sync.record_audit import record_change, record_event
from tests.accounts.callers import caller, token, user
from tests.api.routes import OPERATION_ID, Route, routes
from tests.portal.instances import observed

pytestmark = pytest.mark.django_db

# The first is in the desired state, the second in the observed one.
KEY, OLD_KEY = "Zm9vYmFyLWZ1bmN0aW9uLWtleQ", "b2xkLWZ1bmN0aW9uLWtleQ"
UPSTREAM = "/api/v1/instances/contoso-a/upstream/"
# The tabs of an instance, and pages about it.
PAGES = [
    each
    for each in portal.urls.urlpatterns
    if str(each.pattern).startswith("instances/") or each.name == "operation"
]


def address(key: str) -> str:
    return f"https://app.example.com/api?code={key}"


def held_keys(response: Any) -> list[str]:
    content = response.content.decode()
    return [key for key in (KEY, OLD_KEY) if key in content]


@pytest.fixture(autouse=True)
def instance() -> SignalRInstance:
    """Return an instance with a key in the URLs of its rows of every kind."""
    found = observed(None, {"urlTemplate": address(OLD_KEY)})
    found.upstream_templates.update(url_template=address(KEY))
    found = SignalRInstance.objects.with_desired().get(pk=found.pk)
    plan = plan_instance(found)
    before, after = plan.before.to_json(), plan.target.to_json()
    DesiredRevision.objects.create(
        instance=found, number=1, state=after, digest="0" * 64, who="ada", action="set upstream"
    )
    operation = Operation.objects.create(
        pk=OPERATION_ID,
        instance=found,
        plan=plan.to_json(),
        plan_digest=plan.digest,
        waiting_for="a worker",
        due_at=timezone.now(),
        requested_by_name="ada",
    )
    for position, step in enumerate(plan.steps):
        operation.steps.create(
            position=position,
            kind=step.kind,
            title=step.title,
            changes=[asdict(change) for change in step.changes],
        )
    record_change(found, "set upstream", who="ada", before=before, after=after)
    record_event(operation, "start", before=before, after=after)
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
    assert held_keys(caller(Role.VIEWER).get(route.address)) == []


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=str), ids=str)  # noqa: SLF001
def test_viewer_reads_key_nowhere_in_admin(viewer: Client, model: type[Model]) -> None:
    options = model._meta  # noqa: SLF001  Django's own name
    name = f"admin:{options.app_label}_{options.model_name}"
    rows = model._default_manager.all()[:3]  # noqa: SLF001
    pages = [reverse(f"{name}_change", args=[row.pk]) for row in rows]
    for page in [reverse(f"{name}_changelist"), *pages]:
        assert held_keys(viewer.get(page)) == [], page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_viewer_reads_key_nowhere_in_portal(viewer: Client, page: URLPattern) -> None:
    values = {"name": "contoso-a", "number": 1, "pk": OPERATION_ID}
    parts = {name: values[name] for name in page.pattern.converters}
    assert held_keys(viewer.get(reverse(f"portal:{page.name}", kwargs=parts))) == []


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
