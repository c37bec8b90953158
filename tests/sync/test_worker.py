"""Whole programs: a Celery worker with its beat, on the filesystem transport and a SQLite file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.sync.driving import patches

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60
LOOK_SECONDS = 0.05


class Portal:
    """Signalman in a folder of its own: `manage` runs a command, `worker` a worker."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "worker.log"
        self._environment = os.environ | {
            "SIGNALMAN_DATA_DIR": str(folder),
            "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder / 'signalman.sqlite3'}",
            "SIGNALMAN_BROKER_URL": "filesystem://",
            "SIGNALMAN_SECRET_KEY": "test",
            "SIGNALMAN_TICK_SECONDS": "0.5",
            "SIGNALMAN_POLL_SECONDS": "0.1",
            "SIGNALMAN_LEASE_SECONDS": "3",
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def operations(self) -> list[dict[str, Any]]:
        """Return the documents of all operations."""
        found: list[dict[str, Any]] = json.loads(self.manage("operations", "--json").stdout)[
            "operations"
        ]
        return found

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker, in a process group of its own, until the end of the block."""
        command = ["celery", "-A", "config", "worker", "--pool", "threads", "--beat"]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command, "--concurrency", "2"],
                cwd=REPOSITORY,
                env=self._environment,
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


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    """A new portal with the built-in fleet, one instance of which wants an identity."""
    portal = Portal(tmp_path)
    portal.manage("migrate")
    portal.manage("import_instances", "--subscription", seed.SUBSCRIPTION_ID)
    portal.manage("set_policy", seed.LAB, "manage")
    outcome = portal.manage("set_identity", seed.LAB, "--system-assigned")
    assert outcome.returncode == 0, outcome.stderr
    return portal


def wait_for_a_write(cloud: LocalAzure) -> None:
    """Return as soon as a write has reached Azure."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not patches(cloud):
        assert time.monotonic() < deadline, "No write came."
        time.sleep(LOOK_SECONDS)


def test_a_worker_finishes_an_apply(local_azure: LocalAzure, portal: Portal) -> None:
    with portal.worker():
        outcome = portal.manage("apply", seed.LAB, "--yes", "--wait")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert len(patches(local_azure)) == 1
    assert portal.manage("plan", seed.LAB).returncode == 0


def test_another_worker_finishes_what_a_killed_one_began(
    local_azure: LocalAzure, portal: Portal
) -> None:
    local_azure.post("/_local/operations", {"seconds": 2})
    with portal.worker() as doomed:
        assert portal.manage("apply", seed.LAB, "--yes").returncode == 2
        wait_for_a_write(local_azure)
        os.killpg(doomed.pid, signal.SIGKILL)
    with portal.worker():
        (operation,) = wait_until_ended(portal)
    assert (operation["state"], operation["error"]) == ("succeeded", None)
    assert len(patches(local_azure)) == 1


def wait_until_ended(portal: Portal) -> list[dict[str, Any]]:
    """Return the operations as soon as all of them have ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(operation["finished_at"] is None for operation in portal.operations()):
        assert time.monotonic() < deadline, "An operation does not end."
    return portal.operations()
