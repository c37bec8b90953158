"""PostgreSQL or Redis is away while a worker applies: no operation waits for the end of its lease.

The lease is longer than these tests wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import calm
from tests.faults.test_kills import assert_written_once
from tests.postgres_server import PostgresServer, postgres_server
from tests.redis_server import redis_server
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import SIGNED, unmanaged
from tests.waits import wait_until

pytestmark = pytest.mark.slow

LEASE = {"SIGNALMAN_LEASE_SECONDS": "3600"}
# Long enough to stop the database meanwhile on a busy machine.
SLOW_WRITE = {"path": faults.INSTANCES, "method": "PATCH", "delay": 15}


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server() as server:
        yield server


def new_desired(folder: Path, **environment: str) -> Portal:
    """Return a portal in which the hardened instance has an identity and a template desired."""
    portal = new_portal(folder, seed.PAYMENTS, **LEASE, **environment)
    document = folder / "templates.json"
    document.write_text(json.dumps([SIGNED]))
    portal.manage("set_identity", seed.PAYMENTS, "--system-assigned")
    outcome = portal.manage("set_upstream", seed.PAYMENTS, str(document))
    assert outcome.returncode == 0, outcome.stderr
    return portal


def assert_applied(cloud: LocalAzure, portal: Portal, before: str) -> None:
    (operation,) = portal.wait_until_ended()
    assert (operation["state"], operation["error"]) == ("succeeded", None)
    assert_written_once(cloud, operation)
    assert unmanaged(calm(seed.PAYMENTS)) == before


def test_database_outage_delays_operation_only_while_it_lasts(
    local_azure: LocalAzure, tmp_path: Path, postgres: PostgresServer, count: Count
) -> None:
    count("database stopped")
    before = unmanaged(calm(seed.PAYMENTS))
    portal = new_desired(tmp_path, SIGNALMAN_DATABASE_URL=postgres.get_uri())
    local_azure.post("/_local/operations", {"polls": 1, "seconds": 1})
    local_azure.post("/_local/faults", [SLOW_WRITE])
    with portal.worker():
        assert portal.manage("apply", seed.PAYMENTS, "--yes", "--no-wait").returncode == 2
        wait_until(lambda: local_azure.requests("PATCH"), "The worker writes nothing.")
        postgres.stop()
        log = tmp_path / "worker.log"
        wait_until(lambda: "the database did not respond" in log.read_text(), "It notices nothing.")
        postgres.ensure_postgres_running()
        assert_applied(local_azure, portal, before)


def test_cache_outage_delays_no_operation(
    local_azure: LocalAzure, tmp_path: Path, count: Count
) -> None:
    count("cache stopped")
    before = unmanaged(calm(seed.PAYMENTS))
    with redis_server(tmp_path) as address:
        portal = new_desired(tmp_path, SIGNALMAN_CACHE_URL=f"{address}/1")
    with portal.worker():
        assert portal.manage("apply", seed.PAYMENTS, "--yes", "--no-wait").returncode == 2
        assert_applied(local_azure, portal, before)
    # The state as it was imported.
    assert portal.manage("rollback", seed.PAYMENTS, "1").returncode in {0, 2}
    outcome = portal.manage("apply", seed.PAYMENTS, "--yes", "--inline", "--confirm-destructive")
    assert (outcome.returncode, "Traceback" in outcome.stderr) == (0, False), outcome.stderr


def test_command_without_database_says_so(tmp_path: Path, postgres: PostgresServer) -> None:
    portal = Portal(tmp_path)
    portal.environment["SIGNALMAN_DATABASE_URL"] = postgres.get_uri()
    postgres.stop()
    outcome = portal.manage("operations")
    assert outcome.returncode == 1
    assert "CommandError: The database of SIGNALMAN_DATABASE_URL cannot be used:" in outcome.stderr
    assert "Traceback" not in outcome.stderr
