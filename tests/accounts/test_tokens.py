"""Personal access tokens: which the API accepts, and which it refuses."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from tests.accounts.callers import bearing, token, user

pytestmark = pytest.mark.django_db

INSTANCES = "/api/v1/instances/"


def made(*options: str) -> str:
    out = StringIO()
    call_command("create_token", "ada", *options, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_command_creates_valid_token() -> None:
    user(Role.VIEWER, "ada")
    assert bearing(made()).get(INSTANCES).status_code == 200


def test_stores_no_text_of_token() -> None:
    user(Role.VIEWER, "ada")
    secret = made()
    (row,) = PersonalAccessToken.objects.values()
    assert secret.startswith(row["prefix"])
    assert secret not in map(str, row.values())


def test_command_names_unknown_user() -> None:
    with pytest.raises(CommandError, match="no active user 'ada'"):
        made()


@pytest.mark.parametrize("days", ["0", "367"])
def test_command_limits_lifetime(days: str) -> None:
    ada = user(Role.VIEWER, "ada")
    ada.set_password("correct horse")
    ada.save()
    with pytest.raises(CommandError, match="from 1 to 366 days"):
        made("--days", days)


def test_entra_users_renew_tokens_every_month() -> None:
    ada = user(Role.VIEWER, "ada")
    with pytest.raises(CommandError, match="from 1 to 30 days"):
        made("--days", "31")
    with pytest.raises(ValidationError, match="at most 30 days"):
        PersonalAccessToken.issue(
            ada, name="x", scope=PersonalAccessToken.Scope.READ, lifetime=timedelta(days=31)
        )


def test_token_lasts_a_month_by_default() -> None:
    user(Role.VIEWER, "ada")
    made()
    row = PersonalAccessToken.objects.get()
    assert row.expires_at - row.created_at == timedelta(days=30)


def test_refuses_expired_token() -> None:
    _, client = token(Role.ADMINISTRATOR, lifetime=timedelta(seconds=-1))
    assert client.get(INSTANCES).status_code == 401


def test_refuses_revoked_token() -> None:
    row, client = token(Role.ADMINISTRATOR)
    assert client.get(INSTANCES).status_code == 200
    row.revoke()
    assert client.get(INSTANCES).status_code == 401


def test_refuses_token_of_inactive_user() -> None:
    _, client = token(Role.ADMINISTRATOR)
    User.objects.update(is_active=False)
    assert client.get(INSTANCES).status_code == 401


def test_refuses_invented_token() -> None:
    answer = bearing("smp_guessed").get(INSTANCES)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_records_last_use() -> None:
    before = timezone.now()
    row, client = token(Role.VIEWER)
    client.get(INSTANCES)
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert before <= row.last_used_at <= timezone.now()


def test_revoking_again_keeps_first_time() -> None:
    row, _ = token(Role.VIEWER)
    row.revoke()
    first = row.revoked_at
    row.revoke()
    assert row.revoked_at == first


def test_administrator_revokes_in_portal(admin_client: Client) -> None:
    row, client = token(Role.VIEWER)
    admin_client.post(
        reverse("admin:accounts_personalaccesstoken_changelist"),
        {"action": "revoke", "_selected_action": [row.pk]},
    )
    assert client.get(INSTANCES).status_code == 401


def test_portal_shows_no_digest(admin_client: Client) -> None:
    row, _ = token(Role.VIEWER)
    address = reverse("admin:accounts_personalaccesstoken_change", args=[row.pk])
    page = admin_client.get(address).content.decode()
    assert row.prefix in page
    assert row.digest not in page
