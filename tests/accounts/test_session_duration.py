"""A session ends at its maximum age after the sign-in, whatever is stored in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db

SIGN_IN = datetime(2026, 5, 4, 8, tzinfo=UTC)
PASSWORD, NEW_PASSWORD = "correct horse battery", "staple battery horse"


def test_does_not_extend_session_after_sign_in(settings: Settings) -> None:
    settings.SESSION_COOKIE_AGE = 3600
    User.objects.create_superuser("ada", password=PASSWORD)
    client = Client()
    with time_machine.travel(SIGN_IN, tick=False) as clock:
        client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
        clock.shift(timedelta(minutes=40))
        # Django stores the session again, as any code that writes to it makes it do.
        client.post(
            "/admin/password_change/",
            {
                "old_password": PASSWORD,
                "new_password1": NEW_PASSWORD,
                "new_password2": NEW_PASSWORD,
            },
        )
        assert User.objects.get().check_password(NEW_PASSWORD)
        assert Session.objects.get().expire_date == SIGN_IN + timedelta(hours=1)
        assert client.cookies["sessionid"]["max-age"] == 20 * 60
        clock.shift(timedelta(minutes=19))
        assert client.get("/admin/").status_code == 200
        clock.shift(timedelta(minutes=1))
        assert client.get("/admin/").status_code == 302
