"""Applies by real workers. tests/faults kills more of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import patches
from tests.waits import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    """A new portal with the built-in fleet, and an identity desired for one instance."""
    portal = new_portal(tmp_path, seed.LAB)
    outcome = portal.manage("set_identity", seed.LAB, "--system-assigned")
    assert outcome.returncode == 0, outcome.stderr
    return portal


def wait_for_a_write(cloud: LocalAzure) -> None:
    """Return as soon as a write has reached Azure."""
    wait_until(lambda: patches(cloud), "No write came.")


def test_worker_finishes_an_apply(local_azure: LocalAzure, portal: Portal) -> None:
    with portal.worker():
        outcome = portal.manage("apply", seed.LAB, "--yes", "--wait")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert len(patches(local_azure)) == 1
    assert portal.manage("plan", seed.LAB).returncode == 0


def test_another_worker_finishes_what_a_killed_one_started(
    local_azure: LocalAzure, portal: Portal
) -> None:
    local_azure.post("/_local/operations", {"seconds": 2})
    with portal.worker() as doomed:
        assert portal.manage("apply", seed.LAB, "--yes").returncode == 2
        wait_for_a_write(local_azure)
        os.killpg(doomed.pid, signal.SIGKILL)
    with portal.worker():
        (operation,) = portal.wait_until_ended()
    assert (operation["state"], operation["error"]) == ("succeeded", None)
    assert len(patches(local_azure)) == 1
