"""A database that is away, and several processes that migrate it at once."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.cloud import REPOSITORY
from tests.config.web import secret_of_an_operator, serving, session
from tests.postgres_server import PostgresServer, postgres_server
from tests.sync.portal import Portal
from tests.waits import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow

TOGETHER = 3
COMMANDS = (
    ("migrate",),
    ("drift",),
    ("plan", "contoso-chat"),
    ("apply", "contoso-chat", "--yes"),
    ("operations", "--json"),
    ("export",),
    ("diagnose", "contoso-chat"),
    ("create_token", "ada"),
)
INSTANCES = "/api/v1/instances/"
OUTAGE_SECONDS = 15
LINES_A_MINUTE = 10


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server() as server:
        yield server


def migrate_together(portal: Portal) -> list[tuple[int, str]]:
    """Run migrate several times at once; return each one's exit code and output."""
    processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", "migrate"],
            cwd=REPOSITORY,
            env=portal.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(TOGETHER)
    ]
    outputs = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in processes]
    return [(process.returncode, said) for process, said in zip(processes, outputs, strict=True)]


def assert_migrated_once(runs: list[tuple[int, str]]) -> None:
    """Assert that all ended well, and that one of them did the work."""
    assert [code for code, _ in runs] == [0] * TOGETHER, runs
    assert sum("Applying" in said for _, said in runs) == 1
    assert sum("No migrations to apply" in said for _, said in runs) == TOGETHER - 1


def test_sqlite_is_migrated_by_one_process_at_a_time(tmp_path: Path) -> None:
    assert_migrated_once(migrate_together(Portal(tmp_path)))


def test_postgresql_is_migrated_by_one_process_at_a_time(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    portal = Portal(tmp_path)
    portal.environment["SIGNALMAN_DATABASE_URL"] = postgres.get_uri()
    # Waiting for the others is no statement that takes too long.
    portal.environment["SIGNALMAN_DATABASE_STATEMENT_SECONDS"] = "1"
    assert_migrated_once(migrate_together(portal))


def test_migrate_says_that_it_waits(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    with closing(sqlite3.connect(tmp_path / "signalman.sqlite3-migrate")) as other:
        other.execute("BEGIN EXCLUSIVE")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--no-color"],
            cwd=REPOSITORY,
            env=portal.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stderr is not None
            said = next(line for line in process.stderr if "migrating" in line)
            other.rollback()
    assert "Waiting until it has finished" in said
    assert process.returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_command_ends_with_a_message(tmp_path: Path, command: tuple[str, ...]) -> None:
    portal = Portal(tmp_path)
    portal.environment["SIGNALMAN_DATABASE_URL"] = "postgres://ada:hunter2@127.0.0.1:1/signalman"
    outcome = portal.manage(*command)
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert "SIGNALMAN_DATABASE_URL cannot be used" in outcome.stderr.splitlines()[-1]
    assert "hunter2" not in outcome.stderr + outcome.stdout


def test_api_answers_503_until_database_is_back(tmp_path: Path, postgres: PostgresServer) -> None:
    portal = Portal(tmp_path)
    portal.environment["SIGNALMAN_DATABASE_URL"] = postgres.get_uri()
    portal.manage("migrate")
    secret = secret_of_an_operator(portal)
    with serving(portal.environment) as address, session(secret) as caller:
        assert caller.get(address + INSTANCES, timeout=60).status_code == 200
        postgres.stop()
        answer = caller.get(address + INSTANCES, timeout=60)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert requests.get(f"{address}/livez", timeout=60).status_code == 200
        postgres.ensure_postgres_running()
        wait_until(
            lambda: caller.get(address + INSTANCES, timeout=60).ok, "The API does not recover."
        )


def test_worker_logs_an_outage_without_tracebacks(tmp_path: Path, postgres: PostgresServer) -> None:
    portal = Portal(tmp_path)
    portal.environment |= {
        "SIGNALMAN_DATABASE_URL": postgres.get_uri(),
        "SIGNALMAN_LOG_FORMAT": "json",
    }
    portal.manage("migrate")
    with serving(portal.environment) as address, portal.worker():
        worker = f"{address}/readyz/worker"
        wait_until(lambda: requests.get(worker, timeout=60).ok, "The worker runs no task.")
        postgres.stop()
        wait_until(lambda: outages_in(tmp_path), "The outage is not logged.")
        # Tens of tasks of the schedule.
        time.sleep(OUTAGE_SECONDS)
        assert 1 <= outages_in(tmp_path) <= LINES_A_MINUTE
        postgres.ensure_postgres_running()
        wait_until(lambda: requests.get(worker, timeout=60).ok, "The worker does not recover.")


def outages_in(folder: Path) -> int:
    """Return how often the worker's log says that the database does not respond."""
    log = (folder / "worker.log").read_text().splitlines()
    entries = [json.loads(line) for line in log if line.startswith("{")]
    assert not [entry for entry in entries if "exception" in entry]
    return sum("The database does not respond" in entry["message"] for entry in entries)
