"""Real workers are killed at random moments of an apply; another one continues."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random, uniform
from typing import Any

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import ACCEPTED, assert_no_duplicates, calm
from tests.faults.runs import CALLS, RUNS
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import SIGNED, raw, unmanaged
from tests.waits import wait_until

pytestmark = pytest.mark.slow

# Slow enough that a random moment is often within a call.
CALL_SECONDS = 0.1
SLOW_CALLS = {"path": faults.INSTANCES, "times": None, "delay": CALL_SECONDS}
# Of the desired state: as imported; then with an identity, then with a template too.
IMPORTED_REVISION, SIGNED_REVISION = 1, 3
# An apply makes two calls fewer if Azure has finished before the first poll.
SURE_CALLS = CALLS - 2
# Each takes ten seconds, mostly to start a worker.
KILLS = max(RUNS // 2, 1)
REVISIONS = (SIGNED_REVISION, IMPORTED_REVISION)
NEW_SECRET = "the-old-one-was-rotated"


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    """A portal that manages the hardened instance, with leases of two seconds."""
    portal = new_portal(tmp_path, seed.PAYMENTS)
    portal.environment["SIGNALMAN_LEASE_SECONDS"] = "2"
    document = tmp_path / "templates.json"
    document.write_text(json.dumps([SIGNED]))
    portal.manage("set_identity", seed.PAYMENTS, "--system-assigned")
    outcome = portal.manage("set_upstream", seed.PAYMENTS, str(document))
    assert outcome.returncode == 0, outcome.stderr
    return portal


def test_apply_survives_the_death_of_its_worker_at_any_time(
    local_azure: LocalAzure, portal: Portal, count: Count
) -> None:
    before = unmanaged(calm(seed.PAYMENTS))
    local_azure.post("/_local/operations", {"polls": 1, "seconds": 1})
    local_azure.post("/_local/faults", [SLOW_CALLS])
    with ExitStack() as workers:
        worker = workers.enter_context(portal.worker())
        for number in range(KILLS):
            count("worker killed")
            # Reproducible by its number.
            random = Random(number)  # noqa: S311
            roll_back(portal, REVISIONS[number % 2])
            kill_in_the_middle(local_azure, portal, worker, calls=random.randint(1, SURE_CALLS))
            worker = workers.enter_context(portal.worker())
            operation = portal.wait_until_ended()[0]
            assert (number, operation["state"], operation["error"]) == (number, "succeeded", None)
            assert [step["state"] for step in operation["steps"]] == ["done", "done"]
            assert_written_once(local_azure, operation)
            assert_revision_applied(REVISIONS[number % 2])
            assert unmanaged(raw(seed.PAYMENTS)) == before


def test_rotated_secret_is_reported_and_the_next_worker_continues(
    local_azure: LocalAzure, portal: Portal, count: Count
) -> None:
    count("credential rotated")
    before = unmanaged(calm(seed.PAYMENTS))
    local_azure.post("/_local/operations", {"seconds": 5})
    with portal.worker() as worker:
        kill_in_the_middle(local_azure, portal, worker, calls=2)
    rotate_secret(local_azure)
    with portal.worker():
        operation = portal.wait_until_ended()[0]
    assert operation["state"] == "failed"
    assert "Signalman's own Azure credential was refused" in operation["error"]["message"]
    portal.environment["AZURE_CLIENT_SECRET"] = NEW_SECRET
    # Azure still processes the first step: a plan made before its end would be stale.
    wait_for_azure(seed.PAYMENTS)
    portal.manage("drift", seed.PAYMENTS)
    portal.manage("apply", seed.PAYMENTS, "--yes", "--inline")
    assert portal.manage("drift", seed.PAYMENTS).returncode == 0
    assert unmanaged(calm(seed.PAYMENTS)) == before


def roll_back(portal: Portal, revision: int) -> None:
    """Set the desired state to that of a revision."""
    outcome = portal.manage("rollback", seed.PAYMENTS, str(revision))
    assert outcome.returncode in {0, 2}, outcome.stderr


def kill_in_the_middle(
    cloud: LocalAzure, portal: Portal, worker: subprocess.Popen[bytes], *, calls: int
) -> None:
    """Start an apply, and kill the worker at a random moment after that many calls."""
    earlier = len(calls_of_an_instance(cloud))
    with portal.start("apply", seed.PAYMENTS, "--yes", "--confirm-destructive") as command:
        wait_for_calls(cloud, earlier + calls)
        time.sleep(uniform(0, 2 * CALL_SECONDS))  # noqa: S311
        os.killpg(worker.pid, signal.SIGKILL)
    assert command.returncode == 2


def wait_for_calls(cloud: LocalAzure, total: int) -> None:
    """Return as soon as that many calls have reached Azure."""
    wait_until(lambda: len(calls_of_an_instance(cloud)) >= total, "The apply makes no progress.")


def wait_for_azure(name: str) -> None:
    """Return as soon as Azure has finished the change of an instance."""
    wait_until(
        lambda: raw(name)["properties"]["provisioningState"] == "Succeeded",
        "Azure does not finish.",
    )


def calls_of_an_instance(cloud: LocalAzure) -> list[dict[str, Any]]:
    """Return the received requests about instances."""
    return [each for each in cloud.requests() if faults.is_of_an_instance(each["path"])]


def assert_written_once(cloud: LocalAzure, operation: dict[str, Any]) -> None:
    """Assert that Azure accepted two writes of an operation, and neither twice."""
    taken = [
        entry
        for entry in cloud.requests("PATCH")
        if entry["headers"].get("x-ms-client-request-id") == operation["id"]
        and entry["served"] == ACCEPTED
    ]
    assert len(taken) == 2
    assert_no_duplicates(taken)


def assert_revision_applied(revision: int) -> None:
    """Assert that Azure has the state of that revision."""
    document = raw(seed.PAYMENTS)
    templates = document["properties"]["upstream"]["templates"] or []
    assert [each["urlTemplate"] for each in templates] == (
        [SIGNED["urlTemplate"]] if revision == SIGNED_REVISION else []
    )
    assert ("identity" in document) == (revision == SIGNED_REVISION)


def rotate_secret(cloud: LocalAzure) -> None:
    """Replace Signalman's client secret in Entra."""
    application = {
        "appId": seed.CLIENT_ID,
        "displayName": "Signalman",
        "principalId": seed.CLIENT_OBJECT_ID,
        "secrets": [NEW_SECRET],
    }
    cloud.seed(applications=[application])
