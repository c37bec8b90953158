"""Every route and method, and what each kind of caller may do there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from config.api import urlpatterns
from tests.accounts.callers import Scope, caller, token
from tests.api.fleet import instance

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-00000000000f"
# A POST that changes nothing, so that it asks for no right to change.
READING = {("tokens/inspect/", "post")}
METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> Iterator[tuple[str, str]]:
    """Return each address that callers have, and each of its methods."""
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        if view is None or not hasattr(view, "reads"):
            continue
        for method in METHODS:
            if hasattr(view, method):
                yield str(pattern.pattern), method


ROUTES = sorted(routes())
WRITES = [
    (route, method)
    for route, method in ROUTES
    if method != "get" and (route, method) not in READING
]


def asked(client: APIClient, route: str, method: str) -> int:
    """Return the status that a request without a body is answered with."""
    address = route.replace("<str:name>", "contoso-a").replace("<uuid:pk>", UNKNOWN)
    status: int = getattr(client, method)(f"/api/v1/{address}").status_code
    return status


def test_the_table_has_routes_to_read_and_to_write() -> None:
    assert len(ROUTES) > 20
    assert {route for route, _ in WRITES} == {
        "instances/<str:name>/apply/",
        "instances/<str:name>/drift/",
        "instances/<str:name>/identity/",
        "instances/<str:name>/upstream/",
        "operations/<uuid:pk>/cancel/",
    }


@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_nobody_does_anything_without_credentials(route: str, method: str) -> None:
    assert asked(APIClient(), route, method) == 401


@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_an_expired_and_a_revoked_token_do_nothing(route: str, method: str) -> None:
    _, expired = token(Role.ADMINISTRATOR, lifetime=timedelta(seconds=-1))
    row, revoked = token(Role.OPERATOR)
    row.revoke()
    assert asked(expired, route, method) == asked(revoked, route, method) == 401


@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_a_user_of_no_role_does_nothing(route: str, method: str) -> None:
    assert asked(token(None)[1], route, method) == 403


@pytest.mark.parametrize(("route", "method"), WRITES)
def test_a_viewer_and_a_token_to_read_with_write_nothing(route: str, method: str) -> None:
    instance()
    reader = token(Role.ADMINISTRATOR, scope=Scope.READ)[1]
    assert asked(caller(Role.VIEWER), route, method) == asked(reader, route, method) == 403


@pytest.mark.parametrize(("route", "method"), [row for row in ROUTES if row not in WRITES])
def test_a_viewer_reads_everything(route: str, method: str) -> None:
    instance()
    assert asked(caller(Role.VIEWER), route, method) not in {401, 403, 405, 500}


@pytest.mark.parametrize(("route", "method"), ROUTES)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMINISTRATOR])
def test_an_operator_and_an_administrator_are_let_in_everywhere(
    role: Role, route: str, method: str
) -> None:
    # Of an instance that Azure is never asked about: no such name.
    assert asked(caller(role), route, method) in {200, 400, 404}
