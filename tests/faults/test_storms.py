"""Azure throttles a whole fleet during its applies."""

from __future__ import annotations

import pytest
from django.utils import timezone

from localazure import seed
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import assert_invariants, assert_recovers
from tests.faults.runs import begin
from tests.sync.worker import stage, stage_numbers

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

FLEET = (seed.CHAT, seed.PAYMENTS, seed.LAB)


@pytest.mark.parametrize("fault", faults.THROTTLING)
@pytest.mark.parametrize("refusals", [1, 4, 12, 18])
def test_fleet_survives_a_throttling_storm(
    local_azure: LocalAzure, count: Count, refusals: int, fault: str
) -> None:
    count("429 storm")
    begun = [begin(local_azure, name) for name in FLEET]
    storm(local_azure, fault, times=refusals)
    drive_all([operation for operation, _ in begun])
    for operation, before in begun:
        assert_invariants(local_azure, operation, before)
        assert operation.state == "succeeded", operation.status_text


@pytest.mark.parametrize("fault", faults.THROTTLING)
def test_endless_storm_ends_with_an_explanation(
    local_azure: LocalAzure, count: Count, fault: str
) -> None:
    count("429 storm")
    begun = [begin(local_azure, name) for name in FLEET]
    storm(local_azure, fault, times=None)
    drive_all([operation for operation, _ in begun])
    local_azure.delete("/_local/faults")
    for operation, before in begun:
        assert_invariants(local_azure, operation, before)
        assert (operation.state, operation.error_code) == ("failed", "TooManyRequests")
        assert_recovers(local_azure, operation)


def storm(cloud: LocalAzure, fault: str, *, times: int | None) -> None:
    """Refuse that many calls of any instance."""
    cloud.post("/_local/faults", [faults.at_call(0, faults.THROTTLING[fault], times=times)])


def drive_all(operations: list[Operation]) -> None:
    """Run the stage that is due first until all operations have ended."""
    for _ in stage_numbers(len(operations)):
        unfinished = [operation for operation in operations if not operation.is_finished]
        if not unfinished:
            return
        stage(min(unfinished, key=lambda operation: operation.due_at or timezone.now()))
    raise AssertionError("The fleet's operations do not end.")
