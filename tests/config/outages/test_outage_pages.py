"""The portal while the database is away, suspended or locked: one plain page, and no traceback."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from benchmarks.receiver.scenarios.forwarder import Forwarder, to_socket
from portal.pages.access_tokens import AccessTokensPage
from tests.config.web import secret_of_an_operator, serving
from tests.postgres_server import PostgresServer, postgres_server
from tests.sync.portal import Portal
from tests.waits import wait_until

ANSWER_SECONDS: Final = 120
STATIC: Final = "/static/portal/favicon.svg"
PAGES: Final = ("/admin/", "/admin/access-tokens/", "/admin/running/", "/admin/no-such-page/")
SIGN_IN: Final = {"username": "ada", "password": "correct horse"}


def assert_unavailable(status: int, headers: Mapping[str, str], text: str) -> None:
    """Assert that an answer is the page, with a time to try again."""
    assert status == 503
    assert int(headers["Retry-After"]) > 0
    assert "The database does not respond" in text
    assert "Traceback" not in text
    assert "OperationalError" not in text


class Browser:
    """A user of a served portal."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = ""

    def open(self, path: str) -> requests.Response:
        return self._session.get(self._address + path, timeout=ANSWER_SECONDS)

    def open_sign_in(self) -> None:
        """Load the form, as a user does before an outage."""
        form = self.open("/admin/login/")
        # The one form or, with sign-in by Entra, both.
        self._token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[0]

    def sign_in(self) -> requests.Response:
        """Send the form."""
        return self._session.post(
            f"{self._address}/admin/login/?next=/admin/",
            data=SIGN_IN | {"csrfmiddlewaretoken": self._token},
            headers={"Referer": self._address},
            timeout=ANSWER_SECONDS,
        )


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def forwarder(postgres: PostgresServer) -> Iterator[Forwarder]:
    """A forwarder to the server's socket."""
    (folder,) = parse_qs(urlsplit(postgres.get_uri()).query)["host"]
    forwarder = Forwarder(to_socket(f"{folder}/.s.PGSQL.5432"))
    yield forwarder
    forwarder.close()


@contextmanager
def stopped(postgres: PostgresServer) -> Iterator[None]:
    """Stop the server within the block."""
    postgres.stop()
    try:
        yield
    finally:
        postgres.ensure_postgres_running()


@pytest.mark.slow
@pytest.mark.parametrize("outage", ["stopped", "suspended"])
def test_portal_answers_503_until_database_is_back(
    tmp_path: Path, postgres: PostgresServer, forwarder: Forwarder, outage: str
) -> None:
    portal = Portal(tmp_path)
    portal.environment["SIGNALMAN_DATABASE_URL"] = (
        f"postgresql://postgres@127.0.0.1:{forwarder.port}/postgres"
    )
    portal.manage("migrate")
    secret_of_an_operator(portal)
    with serving(portal.environment) as address:
        known, new = Browser(address), Browser(address)
        known.open_sign_in()
        assert known.sign_in().ok
        new.open_sign_in()
        away: AbstractContextManager[None] = (
            stopped(postgres) if outage == "stopped" else forwarder.frozen()
        )
        with away:
            for answer in (*map(known.open, PAGES), new.sign_in()):
                assert_unavailable(answer.status_code, answer.headers, answer.text)
            assert new.open("/admin/login/").ok
            assert new.open(STATIC).ok
            assert new.open("/livez").ok
        wait_until(lambda: known.open("/admin/").ok, "The portal does not recover.")


@pytest.mark.slow
def test_portal_answers_503_while_sqlite_is_locked(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.manage("migrate")
    secret_of_an_operator(portal)
    with serving(portal.environment) as address:
        user = Browser(address)
        user.open_sign_in()
        with closing(sqlite3.connect(portal.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = user.sign_in()
            assert_unavailable(answer.status_code, answer.headers, answer.text)
            # Readers are not locked out.
            assert user.open("/admin/login/").ok
            other.rollback()
        assert user.sign_in().ok


@pytest.mark.django_db
def test_logs_one_line_without_traceback(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_values: object) -> None:
        raise OperationalError("connection to host db.internal failed")

    client.force_login(User.objects.create_superuser("ada"))
    client.raise_request_exception = False
    monkeypatch.setattr(AccessTokensPage, "get_context_data", fail)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        answer = client.get("/admin/access-tokens/")
    assert_unavailable(answer.status_code, answer.headers, answer.content.decode())
    assert answer.headers["Cache-Control"].count("no-store") == 1
    assert [each.getMessage() for each in caplog.records] == [
        "The database does not respond: OperationalError.",
        "Service Unavailable: /admin/access-tokens/",
    ]
    assert not any(each.exc_info for each in caplog.records)
