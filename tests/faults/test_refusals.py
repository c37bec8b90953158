"""Long-running operations that fail, and credentials that expire or are refused during an apply."""

from __future__ import annotations

import pytest

from tests.cloud import LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import assert_invariants, assert_recovers
from tests.faults.runs import CALLS, PROGRESSION, begin
from tests.sync.worker import drive, drive_to

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

CODES = {"Failed": "Teapot", "Canceled": "Canceled"}


@pytest.mark.parametrize("outcome", CODES)
@pytest.mark.parametrize("position", [0, 1])
def test_failed_azure_operation_ends_the_apply_with_azures_message(
    local_azure: LocalAzure, count: Count, position: int, outcome: str
) -> None:
    count("operation failed")
    operation, before = begin(local_azure)
    if position:
        drive_to(operation, "done")
    fail_writes(local_azure, outcome)
    drive(operation)
    assert_invariants(local_azure, operation, before)
    assert (operation.state, operation.error_code) == ("failed", CODES[outcome])
    assert_recovers(local_azure, operation)


@pytest.mark.parametrize("outcome", CODES)
def test_failed_azure_operation_whose_answer_was_lost_is_sent_again(
    local_azure: LocalAzure, count: Count, outcome: str
) -> None:
    count("operation failed")
    operation, _before = begin(local_azure)
    fail_writes(local_azure, outcome)
    local_azure.post("/_local/faults", [faults.BREAKING["answer lost"] | {"method": "PATCH"}])
    drive_to(operation, "sending")
    local_azure.post("/_local/operations", PROGRESSION)
    assert drive(operation).state == "succeeded", operation.status_text
    assert_recovers(local_azure, operation)


@pytest.mark.parametrize("call", range(CALLS))
def test_expired_token_is_replaced_during_an_apply(
    local_azure: LocalAzure, count: Count, call: int
) -> None:
    count("credential expired")
    operation, before = begin(local_azure)
    refuse_calls(local_azure, call, "token expired", times=1)
    drive(operation)
    assert_invariants(local_azure, operation, before)
    assert operation.state == "succeeded", operation.status_text


# Not the last call: on a busy machine Azure may finish before it, and one poll less is sent.
@pytest.mark.parametrize("fault", faults.REFUSING)
@pytest.mark.parametrize("call", range(CALLS - 1))
def test_refused_credential_is_named_as_the_reason(
    local_azure: LocalAzure, count: Count, call: int, fault: str
) -> None:
    count("credential refused")
    operation, before = begin(local_azure)
    refuse_calls(local_azure, call, fault, times=None)
    drive(operation)
    local_azure.delete("/_local/faults")
    assert_invariants(local_azure, operation, before)
    assert operation.state == "failed"
    assert "Signalman's own Azure credential was refused" in operation.error_message
    assert_recovers(local_azure, operation)


def fail_writes(cloud: LocalAzure, outcome: str) -> None:
    """Make long-running operations that start from now on fail."""
    ending = {"outcome": outcome, "code": "Teapot", "message": "Short and stout."}
    cloud.post("/_local/operations", PROGRESSION | ending)


def refuse_calls(cloud: LocalAzure, call: int, fault: str, *, times: int | None) -> None:
    """Refuse the calls from that one on."""
    cloud.post("/_local/faults", [faults.at_call(call, faults.REFUSING[fault], times=times)])
