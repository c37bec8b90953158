"""Celery workers and a beat as processes, by default with the filesystem transport and SQLite."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from localazure import seed
from tests.cloud import REPOSITORY
from tests.waits import PATIENCE_SECONDS, wait_until


class Portal:
    """Signalman in its own folder: `manage` runs a command, `worker` a worker.

    `environment` holds the environment variables of both.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "worker.log"
        self.database = folder / "signalman.sqlite3"
        self.environment = os.environ | {
            "SIGNALMAN_DATA_DIR": str(folder),
            "SIGNALMAN_DATABASE_URL": f"sqlite:///{self.database}",
            "SIGNALMAN_BROKER_URL": "filesystem://localhost",
            "SIGNALMAN_SECRET_KEY": "test",
            "SIGNALMAN_SCHEDULE_SECONDS": "0.5",
            "SIGNALMAN_POLL_SECONDS": "0.1",
            "SIGNALMAN_LEASE_SECONDS": "3",
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a management command and discard its output."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def operations(self) -> list[dict[str, Any]]:
        """Return the documents of all operations."""
        found: list[dict[str, Any]] = json.loads(self.manage("operations", "--json").stdout)[
            "operations"
        ]
        return found

    def wait_until_ended(self) -> list[dict[str, Any]]:
        """Return the operations, newest first, as soon as all of them have ended."""
        wait_until(lambda: not self._unfinished(), "An operation does not end.")
        return self.operations()

    def _unfinished(self) -> int:
        """Return the number of unfinished operations, from the database: commands are slow."""
        query = "SELECT count(*) FROM sync_operation WHERE finished_at IS NULL"
        address = self.environment["SIGNALMAN_DATABASE_URL"]
        if address.startswith("postgres"):
            with psycopg.connect(address) as connection:
                (row,) = connection.execute(query)
                return int(row[0])
        with closing(sqlite3.connect(self.database)) as database:
            return int(database.execute(query).fetchone()[0])

    @contextmanager
    def worker(self, *, beats: bool = True) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker, in its own process group, until the end of the block.

        With `beats` it runs the schedule too, which one process must do.
        """
        options = ["--pool", "threads", "--concurrency", "2", *(["--beat"] if beats else [])]
        with self._running("worker", *options) as process:
            yield process

    @contextmanager
    def beat(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run only the schedule, until the end of the block."""
        with self._running("beat") as process:
            yield process

    @contextmanager
    def _running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "config", *arguments],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def new_portal(folder: Path, name: str, **environment: str) -> Portal:
    """Return a portal with the built-in fleet imported, whose policy for that instance is manage.

    `environment` adds to the environment variables, which name the Azure to use.
    """
    portal = Portal(folder)
    portal.environment |= environment
    portal.manage("migrate")
    portal.manage("import_instances", "--subscription", seed.SUBSCRIPTION_ID)
    outcome = portal.manage("set_policy", name, "manage")
    assert outcome.returncode == 0, outcome.stderr
    return portal
