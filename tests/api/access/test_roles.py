"""Permissions of every operation of the schema, by kind of caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from rest_framework.test import APIClient

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from config.api_urls import urlpatterns
from identities.models import SignalRInstance
from sync.models import AuditEvent, Operation
from tests.accounts.callers import Scope, caller, token
from tests.api.fleet import instance
from tests.api.routes import METHODS, Route, routes

pytestmark = pytest.mark.django_db

# A POST that changes nothing, and so requires no write permission.
READING = {Route("/api/v1/tokens/inspect/", "post")}
ROUTES = routes()
WRITES = [route for route in ROUTES if route.method != "get" and route not in READING]
READS = [route for route in ROUTES if route not in WRITES]
# Without a body these call Azure.
ASKING_AZURE = {
    Route("/api/v1/applications/", "get"),
    Route("/api/v1/instances/{name}/drift/", "post"),
    Route("/api/v1/subscriptions/visible/", "get"),
    Route("/api/v1/subscriptions/{subscription_id}/import/", "post"),
    Route("/api/v1/subscriptions/{subscription_id}/refresh/", "post"),
}
KEPT: tuple[Any, ...] = (SignalRInstance, Operation, AuditEvent, PersonalAccessToken)


def status_of(client: APIClient, route: Route) -> int:
    """Return the status of the response to a request without a body."""
    status: int = getattr(client, route.method)(route.address).status_code
    return status


def rows() -> list[object]:
    """Return all that a write could change, except when a token was last used."""
    found = [list(model.objects.order_by("pk").values()) for model in KEPT]
    return [{**row, "last_used_at": None} for rows in found for row in rows]


def routes_of_the_code() -> Iterator[Route]:
    """Return every route of the URLconf that requires permissions, with each of its methods."""
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        address = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)).replace("{pk}", "{id}")
        for method in METHODS if hasattr(view, "reads") else ():
            if hasattr(view, method):
                yield Route(f"/api/v1/{address}", method)


def test_schema_describes_every_route() -> None:
    assert set(routes_of_the_code()) == set(ROUTES)
    assert len(WRITES) > 20


@pytest.mark.parametrize("pattern", urlpatterns, ids=str)
def test_public_routes_only_describe_the_api(pattern: object) -> None:
    view = getattr(pattern, "callback", None)
    if not hasattr(getattr(view, "cls", None), "reads"):
        assert str(getattr(pattern, "pattern", "")) in {"schema/", "docs/", "redoc/"}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_refuses_requests_without_credentials(route: Route) -> None:
    assert status_of(APIClient(), route) == 401


@pytest.fixture
def refused_clients() -> list[APIClient]:
    """Return clients with an expired and a revoked token, both of which had every scope."""
    _, expired = token(Role.ADMINISTRATOR, lifetime=timedelta(seconds=-1))
    row, revoked = token(Role.OPERATOR)
    row.revoke()
    return [expired, revoked]


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_refuses_expired_and_revoked_tokens(route: Route, refused_clients: list[APIClient]) -> None:
    assert [status_of(client, route) for client in refused_clients] == [401, 401]


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_refuses_users_without_a_role(route: Route) -> None:
    assert status_of(token(None)[1], route) == 403


def test_token_without_scopes_allows_nothing() -> None:
    row, _ = token(Role.ADMINISTRATOR)
    row.scope = ""
    assert not row.allows("identities.view_signalrinstance")
    with pytest.raises(IntegrityError):
        row.save()


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_viewer_and_read_only_token_cannot_write(route: Route) -> None:
    instance()
    clients = [caller(Role.VIEWER), token(Role.ADMINISTRATOR, scope=Scope.READ)[1]]
    before = rows()
    assert [status_of(client, route) for client in clients] == [403, 403]
    assert rows() == before


@pytest.mark.parametrize("route", [route for route in READS if route not in ASKING_AZURE], ids=str)
def test_viewer_can_read_everything(route: Route) -> None:
    instance()
    assert status_of(caller(Role.VIEWER), route) in {200, 400, 404, 409}


@pytest.mark.parametrize("route", [route for route in WRITES if route not in ASKING_AZURE], ids=str)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMINISTRATOR])
def test_operators_and_administrators_are_permitted_everywhere(role: Role, route: Route) -> None:
    assert status_of(caller(role), route) in {200, 204, 400, 404, 409}
