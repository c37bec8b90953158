"""Faults of each call of an apply: the reads, both writes and the polls."""

from __future__ import annotations

import pytest

from tests.cloud import LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import assert_invariants, assert_recovers
from tests.faults.runs import CALLS, begin
from tests.sync.worker import drive

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# One fault is retried within the call; this many make the operation retry its stage.
OFTEN = 4


def test_apply_makes_the_expected_number_of_calls(local_azure: LocalAzure) -> None:
    operation, _before = begin(local_azure)
    local_azure.delete("/_local/requests")
    assert drive(operation).state == "succeeded"
    calls = [each for each in local_azure.requests() if faults.is_of_an_instance(each["path"])]
    assert len(calls) == CALLS


@pytest.mark.parametrize(
    ("fault", "times"),
    [*((fault, 1) for fault in faults.BREAKING), ("500", OFTEN), ("answer lost", OFTEN)],
)
@pytest.mark.parametrize("call", range(CALLS))
def test_apply_survives_a_fault_of_each_call(
    local_azure: LocalAzure, count: Count, call: int, fault: str, times: int
) -> None:
    count("call broken")
    operation, before = begin(local_azure)
    break_calls(local_azure, call, fault, times=times)
    drive(operation)
    assert_invariants(local_azure, operation, before)
    assert operation.state == "succeeded", operation.error_message


@pytest.mark.parametrize("fault", ["503", "500 after the work", "throttled"])
@pytest.mark.parametrize("call", range(CALLS))
def test_permanent_fault_ends_the_apply_with_an_explanation(
    local_azure: LocalAzure, count: Count, call: int, fault: str
) -> None:
    count("broken from a call on")
    operation, before = begin(local_azure)
    break_calls(local_azure, call, fault, times=None)
    drive(operation)
    assert operation.state == "failed"
    local_azure.delete("/_local/faults")
    assert_invariants(local_azure, operation, before)
    assert_recovers(local_azure, operation)


def break_calls(cloud: LocalAzure, call: int, fault: str, *, times: int | None) -> None:
    """Break the calls from that one on."""
    cloud.post("/_local/faults", [faults.at_call(call, faults.ALL[fault], times=times)])
