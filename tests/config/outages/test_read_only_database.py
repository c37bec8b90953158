"""A PostgreSQL database that is read-only: a standby, or by its configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.outages.test_outage_pages import Browser
from tests.config.web import secret_of_an_operator, serving, session
from tests.postgres_server import PostgresServer, postgres_server
from tests.sync.portal import Portal, new_portal
from tests.waits import wait_until

pytestmark = pytest.mark.slow

MESSAGE: Final = "The database is read-only at present"
INSTANCE: Final = f"/api/v1/instances/{seed.LAB}/"
TOKENS: Final = "/api/v1/tokens/"
PAGES: Final = (
    "/admin/",
    "/admin/access-tokens/",
    "/admin/running/",
    "/admin/connect/",
    "/admin/import/",
    "/admin/identities/signalrinstance/",
    *(
        f"/admin/instances/{seed.LAB}/{page}"
        for page in ("", "upstream/", "plan/", "drift/", "diagnosis/", "traffic/", "history/")
    ),
)
READS: Final = (
    TOKENS,
    "/api/v1/instances/",
    INSTANCE,
    f"{INSTANCE}plan/",
    f"{INSTANCE}diagnosis/",
    "/api/v1/operations/",
)


@contextmanager
def read_only_by_setting(postgres: PostgresServer) -> Iterator[None]:
    """Make transactions read-only by default within the block."""
    set_default(postgres, "ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        yield
    finally:
        set_default(postgres, "ALTER SYSTEM RESET default_transaction_read_only")


def set_default(postgres: PostgresServer, statement: str) -> None:
    writable = "-c default_transaction_read_only=off"
    with psycopg.connect(postgres.get_uri(), autocommit=True, options=writable) as connection:
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def standby(postgres: PostgresServer) -> Iterator[None]:
    """Make the server a hot standby, and promote it at the end of the block."""
    postgres.stop()
    (postgres.pgdata / "standby.signal").touch()
    postgres.ensure_postgres_running()
    yield
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path, postgres: PostgresServer) -> Portal:
    """A portal with the built-in fleet on that server."""
    return new_portal(tmp_path, seed.LAB, SIGNALMAN_DATABASE_URL=postgres.get_uri())


def assert_read_only(answer: requests.Response) -> None:
    """Assert that a write is refused for now."""
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert MESSAGE in answer.text


@pytest.mark.parametrize("read_only", [read_only_by_setting, standby])
def test_reads_work_and_writes_are_answered_with_503(
    portal: Portal,
    postgres: PostgresServer,
    read_only: Callable[[PostgresServer], AbstractContextManager[None]],
) -> None:
    secret = secret_of_an_operator(portal)
    with serving(portal.environment) as address, session(secret) as caller:
        known, new = Browser(address), Browser(address)
        known.open_sign_in()
        assert known.sign_in().ok
        new.open_sign_in()
        (token,) = caller.get(address + TOKENS, timeout=60).json()["results"]
        revocation = f"{address}{TOKENS}{token['id']}/"
        with read_only(postgres):
            wait_until(lambda: is_read_only(address), "The server takes changes.")
            assert_read_only(new.sign_in())
            for path in PAGES:
                assert known.open(path).ok, path
            for path in READS:
                answer = caller.get(address + path, timeout=60)
                assert answer.ok, answer.text
            answer = caller.delete(revocation, timeout=60)
            assert_read_only(answer)
            assert answer.headers["Content-Type"] == "application/problem+json"
            outcome = portal.manage("create_token", "ada")
            assert outcome.returncode == 1
            assert "Traceback" not in outcome.stderr
        wait_until(lambda: not is_read_only(address), "The server takes no changes.")
        assert caller.delete(revocation, timeout=60).ok


def is_read_only(address: str) -> bool:
    """Return whether the check of the database says so."""
    checks = requests.get(f"{address}/readyz/portal", timeout=60).json()["checks"]
    return MESSAGE in checks["database"].get("detail", "")
