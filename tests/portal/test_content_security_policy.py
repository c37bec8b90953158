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


PAGE = {
    "default-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'none'",
}
PORTAL = {"script-src": "'self' 'unsafe-eval'", "form-action": "'self'"}


@pytest.mark.parametrize(
    ("path", "own"),
    [
        # SECURITY.md documents unsafe-eval, and that no other page allows it.
        ("/admin/login/", PORTAL),
        ("/admin/", PORTAL),
        ("/admin/no-such-page/", PORTAL),
        ("/api/v1/docs/", {}),
        ("/api/v1/redoc/", {"worker-src": "blob:"}),
    ],
)
def test_page_has_exactly_this_policy(sign_in: SignIn, path: str, own: dict[str, str]) -> None:
    assert policy(sign_in(Role.VIEWER), path) == PAGE | own
