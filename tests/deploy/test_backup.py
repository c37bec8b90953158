"""A backup of a running installation is restored with PostgreSQL's own programs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.faults.invariants import calm
from tests.postgres_server import PostgresServer, postgres_server, program
from tests.sync.portal import Portal, new_portal

pytestmark = pytest.mark.slow

# The number of rows of each table, and a digest of all their values.
CONTENT = """
SELECT count(*), md5(coalesce(string_agg(md5(row::text), '' ORDER BY md5(row::text)), ''))
FROM {} AS row
"""


def content(address: str) -> dict[str, tuple[int, str]]:
    """Return what each table contains."""
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        found = {}
        for (table,) in tables:
            ((rows, digest),) = connection.execute(CONTENT.format(table))
            found[table] = (rows, digest)
        return found


def run(server: PostgresServer, name: str, *arguments: str) -> None:
    outcome = subprocess.run(
        [program(server, name), *arguments], check=False, capture_output=True, text=True
    )
    assert outcome.returncode == 0, outcome.stderr


def test_restored_backup_continues(local_azure: LocalAzure, tmp_path: Path) -> None:
    backup = str(tmp_path / "signalman.dump")
    with postgres_server() as server:
        address = server.get_uri()
        portal = new_portal(tmp_path, seed.LAB, SIGNALMAN_DATABASE_URL=address)
        portal.manage("set_identity", seed.LAB, "--system-assigned")
        # Queued; there is no worker yet.
        assert portal.manage("apply", seed.LAB, "--yes", "--no-wait").returncode == 2
        before = content(address)
        run(server, "pg_dump", "--format", "custom", "--file", backup, address)

        restored = server.get_uri(database="restored")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
        run(
            server,
            *("pg_restore", "--no-owner", "--exit-on-error", "--dbname", restored, backup),
        )
        assert content(restored) == before
        assert before["identities_signalrinstance"][0] > 1

        portal.environment["SIGNALMAN_DATABASE_URL"] = restored
        assert portal.manage("migrate", "--check").returncode == 0
        assert_continues(portal)


def assert_continues(portal: Portal) -> None:
    """Assert that a worker on the restored database ends what was queued when it was backed up."""
    with portal.worker():
        (operation,) = portal.wait_until_ended()
    assert (operation["state"], operation["error"]) == ("succeeded", None)
    assert calm(seed.LAB)["identity"]["type"] == "SystemAssigned"
    assert portal.manage("drift", seed.LAB).returncode == 0
