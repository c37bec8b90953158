"""A GET of any URL of the portal changes no row, writes nothing to Azure and starts no task.

Unfold runs an object's action on a GET of its URL, so a link on another site could trigger it. The
test requests every URL, those of actions included.
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

# Sessions are excluded: showing a message writes to the session.
TABLES: list[Any] = [
    model for model in apps.get_models(include_auto_created=True) if model is not Session
]


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield every route in the syntax of `path` and `re_path`."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def urls_of(route: str) -> Iterator[str]:
    """Yield the URLs of a route with the keys of existing rows."""
    route = route.replace("(?P<url>.*)$", "no-such-page/").replace("^", "").removesuffix("$")
    if labels := re.search(r"\(\?P<app_label>([\w|]+)\)", route):
        yield from (f"/{route.replace(labels[0], label)}" for label in labels[1].split("|"))
    else:
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: _value(found[1], route), route)


def _value(name: str, route: str) -> str:
    """Return a value for a parameter of a route."""
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
    assert name in values, f"Add a value for {name} of {route}."
    return str(values[name])


def first(model: Any) -> Any:
    """Return the first row of a model."""
    found = model.objects.order_by("pk").first()
    assert found is not None, f"No {model.__name__} exists."
    return found


def everything() -> dict[Any, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    return {model: list(model.objects.order_by("pk").values_list()) for model in TABLES}


def writes(cloud: LocalAzure) -> list[str]:
    """Return the requests to Azure that write; some reads are POST requests."""
    return [
        f"{entry['method']} {entry['path']}"
        for entry in cloud.requests()
        if entry["method"] != "GET" and not entry["path"].endswith(("/token", "/list"))
    ]


@pytest.fixture
def tasks() -> Iterator[list[str]]:
    """The names of the published tasks."""
    published: list[str] = []

    def note(sender: str, **_options: Any) -> None:
        published.append(sender)

    before_task_publish.connect(note)
    yield published
    before_task_publish.disconnect(note)


def test_get_of_any_url_changes_nothing(
    local_azure: LocalAzure,
    admin_client: Client,
    tasks: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    create_full_database()
    every = [route for route in routes(get_resolver().url_patterns) if route.startswith("admin/")]
    urls = [url for route in every for url in urls_of(route)]
    ours = {url for route in portal.urls.urlpatterns for url in urls_of(f"admin/{route.pattern}")}
    before = everything()
    local_azure.delete("/_local/requests")
    tasks.clear()
    for url in urls:
        # Only the portal's own pages respond to htmx differently.
        for headers in ({}, {"HX-Request": "true"})[: 1 + (url in ours)]:
            with django_capture_on_commit_callbacks() as later:
                answer = admin_client.get(url, headers=headers)
            assert answer.status_code < 500, url
            assert later == [], url
            assert everything() == before, url
    assert tasks == []
    assert writes(local_azure) == []
