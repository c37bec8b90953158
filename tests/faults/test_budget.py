"""A fleet applied at once against an ARM that enforces its limit of writes, in real time."""

from __future__ import annotations

import time

import pytest
from pytest_django import Settings

from localazure import seed
from sync.models import Operation
from sync.operations.run import run_stage
from tests.cloud import LocalAzure
from tests.faults.conftest import Count
from tests.faults.invariants import assert_invariants
from tests.faults.runs import begin

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

FLEET = (seed.CHAT, seed.PAYMENTS, seed.LAB)
TOO_MANY = 429
LOOK_SECONDS = 0.02


@pytest.mark.parametrize(("burst", "is_throttled"), [(1, False), (100, True)])
def test_queued_writes_are_not_throttled(
    local_azure: LocalAzure, settings: Settings, count: Count, burst: int, is_throttled: bool
) -> None:
    count("write budget")
    # Half of what ARM allows: on a busy machine a write may be sent later than it was booked for.
    settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND = burst, 0.5
    settings.SIGNALMAN_POLL_SECONDS = 0.1
    local_azure.post("/_local/throttle", {"writes": {"size": 2, "refill": 1}})
    begun = [begin(local_azure, name) for name in FLEET]
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": None})
    carry_out([operation for operation, _ in begun])
    for operation, before in begun:
        assert_invariants(local_azure, operation, before)
        assert operation.state == "succeeded", operation.status_text
    statuses = {entry["status"] for entry in local_azure.requests("PATCH")}
    assert (TOO_MANY in statuses) == is_throttled


def carry_out(operations: list[Operation]) -> None:
    """Run each stage when it is due, as a worker does, until all operations have ended."""
    while unfinished := [each for each in operations if not each.is_finished]:
        for operation in unfinished:
            run_stage(operation.pk)
            operation.refresh_from_db()
        time.sleep(LOOK_SECONDS)
