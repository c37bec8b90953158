"""The page of personal access tokens."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from tests.accounts.callers import bearing
from tests.portal.conftest import SignIn

PAGE = "/admin/access-tokens/"
FORM = {"name": "nightly build", "scope": "read", "days": "30"}
INSTANCES = "/api/v1/instances/"


@pytest.fixture
def viewer(sign_in: SignIn) -> Client:
    return sign_in(Role.VIEWER)


def create(client: Client, **changes: str) -> str:
    """Create a token on the page and return it."""
    page = client.post(PAGE, FORM | changes)
    found = re.search(r"<code>(smp_[\w-]{20,})</code>", page.content.decode())
    assert found is not None
    assert "no-store" in page["Cache-Control"]
    return found[1]


def test_token_works_until_revoked(viewer: Client) -> None:
    token = create(viewer)
    assert bearing(token).get(INSTANCES).status_code == 200
    row = PersonalAccessToken.objects.get()
    assert viewer.post(f"{PAGE}{row.pk}/revoke/").status_code == 302
    assert bearing(token).get(INSTANCES).status_code == 401
    assert "Revoked" in viewer.get(PAGE).content.decode()


def test_token_is_shown_once(viewer: Client) -> None:
    token = create(viewer)
    assert token not in viewer.get(PAGE).content.decode()


def test_tokens_of_others_are_not_found(viewer: Client, sign_in: SignIn) -> None:
    create(viewer)
    other = sign_in(Role.ADMINISTRATOR)
    assert "nightly build" not in other.get(PAGE).content.decode()
    row = PersonalAccessToken.objects.get()
    assert other.post(f"{PAGE}{row.pk}/revoke/").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_get_does_not_revoke(viewer: Client) -> None:
    create(viewer)
    row = PersonalAccessToken.objects.get()
    assert viewer.get(f"{PAGE}{row.pk}/revoke/").status_code == 405


@pytest.mark.parametrize("changes", [{"name": ""}, {"scope": "all"}, {"days": "3650"}])
def test_refuses_invalid_token(viewer: Client, changes: dict[str, str]) -> None:
    assert "smp_" not in viewer.post(PAGE, FORM | changes).content.decode()
    assert not PersonalAccessToken.objects.exists()


def test_entra_users_get_short_lifetimes(viewer: Client) -> None:
    assert "smp_" not in viewer.post(PAGE, FORM | {"days": "90"}).content.decode()
    for user in User.objects.all():
        user.set_password("a-password")
        user.save()
        viewer.force_login(user)
    assert create(viewer, days="90")
