"""Several faults and worker deaths in one apply, from a random seed."""

from __future__ import annotations

from random import Random

import pytest

from sync.models import Operation
from sync.operations.claims import claim
from tests.cloud import LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import assert_invariants, assert_recovers
from tests.faults.runs import CALLS, RUNS, begin
from tests.sync.worker import stage, stage_numbers

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ONE_IN = 4


@pytest.mark.parametrize("number", range(RUNS))
def test_random_faults_end_in_success_or_an_error(
    local_azure: LocalAzure, count: Count, number: int
) -> None:
    count("mixture")
    random = Random(number)  # noqa: S311  # to be had again by its number
    operation, before = begin(local_azure)
    local_azure.post("/_local/faults", mixture(random))
    for _ in stage_numbers():
        if operation.is_finished:
            break
        if random.randrange(ONE_IN):
            stage(operation)
        else:
            die(operation)
    local_azure.delete("/_local/faults")
    assert_invariants(local_azure, operation, before)
    assert_recovers(local_azure, operation)


def mixture(random: Random) -> list[dict[str, object]]:
    """Return some faults, each from another call on and for some calls."""
    calls = random.sample(range(2 * CALLS), random.randint(1, 6))
    return [
        faults.at_call(
            call, random.choice(list(faults.PASSING.values())), times=random.randint(1, 4)
        )
        for call in calls
    ]


def die(operation: Operation) -> None:
    """Claim the operation as a worker that is then killed, unless it is claimed already."""
    if operation.due_at and not operation.lease_until:
        claim(operation.pk, operation.due_at)
        operation.refresh_from_db()
