"""Sign-ins, sign-outs and failed attempts are logged."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db

ADDRESS = {"REMOTE_ADDR": "203.0.113.7"}
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _ada() -> None:
    User.objects.create_superuser("ada", password=PASSWORD)


def attempt(username: str, password: str) -> Client:
    client = Client(**ADDRESS)  # type: ignore[arg-type]
    client.post("/admin/login/", {"username": username, "password": password})
    return client


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        each.getMessage() for each in caplog.records if each.name == "accounts.sign_in.sign_in_log"
    ]


def test_logs_sign_in_and_sign_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        attempt("ada", PASSWORD).post("/admin/logout/")
    assert lines(caplog) == [
        "ada signed in with a password from 203.0.113.7.",
        "ada signed out from 203.0.113.7.",
    ]


@pytest.mark.parametrize(("name", "logged"), [("ada", "ada"), ("hunter2", "an unknown name")])
def test_logs_failed_attempt(caplog: pytest.LogCaptureFixture, name: str, logged: str) -> None:
    attempt(name, "wrong")
    assert lines(caplog) == [f"Sign-in as {logged} from 203.0.113.7 failed."]


def test_limits_lines_of_failed_attempts(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(15):
        attempt(f"user-{number}", "wrong")
    assert len(lines(caplog)) == 10
