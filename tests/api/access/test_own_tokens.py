"""Listing and revoking a caller's own tokens."""

from __future__ import annotations

import pytest

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from tests.accounts.callers import DAY, Scope, bearing, caller, token

pytestmark = pytest.mark.django_db

TOKENS = "/api/v1/tokens/"


def test_lists_only_the_callers_own_tokens() -> None:
    row, client = token(Role.VIEWER)
    token(Role.OPERATOR)
    (found,) = client.get(TOKENS).json()["results"]
    assert (found["id"], found["prefix"]) == (row.pk, row.prefix)
    assert client.get(f"{TOKENS}{row.pk}/").json() == client.get(TOKENS).json()["results"][0]


def test_shows_no_digests() -> None:
    row, client = token(Role.VIEWER)
    assert row.digest not in client.get(TOKENS).content.decode()


def test_revoked_token_is_refused_and_kept() -> None:
    row, client = token(Role.OPERATOR)
    other, secret = PersonalAccessToken.issue(
        row.user, name="leaked", scope=Scope.WRITE, lifetime=DAY
    )
    assert client.delete(f"{TOKENS}{other.pk}/").status_code == 204
    assert bearing(secret).get(TOKENS).status_code == 401
    revoked = client.get(f"{TOKENS}{other.pk}/").json()
    assert revoked["revoked_at"] is not None


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMINISTRATOR])
def test_cannot_see_or_revoke_tokens_of_others(role: Role) -> None:
    row, _ = token(Role.VIEWER)
    client = caller(role)
    assert client.get(f"{TOKENS}{row.pk}/").status_code == 404
    assert client.delete(f"{TOKENS}{row.pk}/").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None
