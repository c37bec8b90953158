"""Each answer says what a browser may do with it, and that is as little as it needs."""

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
def test_what_is_no_page_may_do_nothing(client: Client, path: str) -> None:
    found = policy(client, path)
    assert found["default-src"] == "'none'"
    assert found["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(found)


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/admin/", "/api/v1/docs/", "/api/v1/redoc/", "/admin/no-such-page/"]
)
def test_a_page_loads_and_runs_only_what_is_ours(sign_in: SignIn, path: str) -> None:
    found = policy(sign_in(Role.VIEWER), path)
    assert found["default-src"] == "'self'"
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in found.get("script-src", "")


def test_only_the_portal_compiles_what_its_attributes_say(client: Client) -> None:
    assert "'unsafe-eval'" in policy(client, "/admin/login/")["script-src"]
    assert "unsafe-eval" not in str(policy(client, "/api/v1/docs/"))


def test_a_form_of_the_portal_leads_nowhere_else(client: Client) -> None:
    assert policy(client, "/admin/login/")["form-action"] == "'self'"
    assert policy(client, "/api/v1/docs/")["form-action"] == "'none'"
