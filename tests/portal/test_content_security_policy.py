"""The Content-Security-Policy of each response allows only what the response needs."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.roles import Role
from tests.portal.conftest import SignIn

pytestmark = pytest.mark.django_db


def policy(client: Client, path: str) -> dict[str, str]:
    """Return the directives of the answer to a GET."""
    header = client.get(path).headers["Content-Security-Policy"]
    directives = (part.strip().partition(" ") for part in header.split(";"))
    return {name: sources for name, _, sources in directives}


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/readyz", "/no-such-page/", "/api/v1/instances/", "/upstream/x/"]
)
def test_policy_of_non_pages_allows_nothing(client: Client, path: str) -> None:
    found = policy(client, path)
    assert found["default-src"] == "'none'"
    assert found["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(found)


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/admin/", "/api/v1/docs/", "/api/v1/redoc/", "/admin/no-such-page/"]
)
def test_pages_load_only_own_resources(sign_in: SignIn, path: str) -> None:
    found = policy(sign_in(Role.VIEWER), path)
    assert found["default-src"] == "'self'"
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in found.get("script-src", "")


def test_only_the_portal_allows_unsafe_eval(client: Client) -> None:
    assert "'unsafe-eval'" in policy(client, "/admin/login/")["script-src"]
    assert "unsafe-eval" not in str(policy(client, "/api/v1/docs/"))


def test_forms_submit_only_to_this_origin(client: Client) -> None:
    assert policy(client, "/admin/login/")["form-action"] == "'self'"
    assert policy(client, "/api/v1/docs/")["form-action"] == "'none'"
