"""Whatever address of the portal is looked at, nothing changes: neither a row, nor Azure, nor work.

Unfold runs an object's action on a GET of its address, so that a link on another site would run it
as whoever follows it. Every address that there is gets asked, those of actions among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import portal.urls
from accounts.models import PersonalAccessToken
from identities.models import SignalRInstance
from sync.models import DesiredRevision, Operation
from tests.cloud import LocalAzure
from tests.portal.full_database import create_full_database

pytestmark = pytest.mark.django_db

# A session is written by whatever it is used for: a message that is shown, say.
TABLES: list[Any] = [
    model for model in apps.get_models(include_auto_created=True) if model is not Session
]


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield every route, as `path` and `re_path` have it."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def addresses(route: str) -> Iterator[str]:
    """Yield the addresses of a route, with rows that exist."""
    route = route.replace("(?P<url>.*)$", "no-such-page/").replace("^", "").removesuffix("$")
    if labels := re.search(r"\(\?P<app_label>([\w|]+)\)", route):
        yield from (f"/{route.replace(labels[0], label)}" for label in labels[1].split("|"))
    else:
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: _value(found[1], route), route)


def _value(name: str, route: str) -> str:
    """Return what stands in an address for a parameter of its route."""
    model = re.match(r"admin/(\w+)/(\w+)/", route)
    if name in {"object_id", "id"} and model:
        return str(first(apps.get_model(model[1], model[2])).pk)
    values = {
        "object_id": first(SignalRInstance).pk,
        "content_type_id": ContentType.objects.get_for_model(SignalRInstance).pk,
        "name": first(SignalRInstance).name,
        "pk": first(Operation).pk,
        "number": first(DesiredRevision).number,
        "provider_id": "entra",
        "token": first(PersonalAccessToken).pk,
    }
    assert name in values, f"Say what {name} of {route} is."
    return str(values[name])


def first(model: Any) -> Any:
    """Return a row."""
    found = model.objects.order_by("pk").first()
    assert found is not None, f"There is no {model.__name__} to look at."
    return found


def everything() -> dict[Any, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    return {model: list(model.objects.order_by("pk").values_list()) for model in TABLES}


def writes(cloud: LocalAzure) -> list[str]:
    """Return what was asked of Azure that is more than reading: some of that is a POST."""
    return [
        f"{entry['method']} {entry['path']}"
        for entry in cloud.requests()
        if entry["method"] != "GET" and not entry["path"].endswith(("/token", "/list"))
    ]


@pytest.fixture
def tasks() -> Iterator[list[str]]:
    """The names of the tasks that were asked for."""
    asked: list[str] = []

    def note(sender: str, **_options: Any) -> None:
        asked.append(sender)

    before_task_publish.connect(note)
    yield asked
    before_task_publish.disconnect(note)


def test_get_of_any_url_changes_nothing(
    local_azure: LocalAzure,
    admin_client: Client,
    tasks: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    create_full_database()
    every = [route for route in routes(get_resolver().url_patterns) if route.startswith("admin/")]
    asked = [address for route in every for address in addresses(route)]
    ours = {
        address
        for route in portal.urls.urlpatterns
        for address in addresses(f"admin/{route.pattern}")
    }
    before = everything()
    local_azure.delete("/_local/requests")
    tasks.clear()
    for address in asked:
        # Only our own pages answer htmx otherwise.
        for headers in ({}, {"HX-Request": "true"})[: 1 + (address in ours)]:
            with django_capture_on_commit_callbacks() as later:
                answer = admin_client.get(address, headers=headers)
            assert answer.status_code < 500, address
            assert later == [], address
            assert everything() == before, address
    assert tasks == []
    assert writes(local_azure) == []
