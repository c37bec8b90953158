"""Throttling, errors and lost answers of Azure, at each call of an apply."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from sync.models import AuditEvent
from sync.operations.retries import MAX_ATTEMPTS
from tests.cloud import LocalAzure
from tests.sync.worker import (
    drive,
    forget_results,
    patches,
    raw,
    signed_lab,
    stage,
    unmanaged,
)

pytestmark = pytest.mark.django_db

INSTANCE = f"{seed.LAB}$"
CALLS = {
    "read": {"method": "GET", "path": INSTANCE},
    "write": {"method": "PATCH", "path": INSTANCE},
    "poll": {"method": "GET", "path": "operation(Statuses|Results)"},
}
FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"status": 429, "headers": {"Retry-After": "30"}},
    "throttled without a time": {"status": 429},
    "broken": {"status": 500},
    "unavailable": {"status": 503},
    "cut": {"drop": True},
    "answer lost": {"drop": True, "after": True},
}


def break_call(cloud: LocalAzure, call: str, fault: str, *, skip: int = 0, times: int = 4) -> None:
    """Break that call; four times, since a read is repeated within one attempt."""
    cloud.post("/_local/faults", [CALLS[call] | FAULTS[fault] | {"skip": skip, "times": times}])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("skip", [0, 1])
def test_apply_survives_a_transient_fault_of_each_call(
    local_azure: LocalAzure, call: str, fault: str, skip: int
) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    before = unmanaged(raw(seed.LAB))
    operation = signed_lab()
    break_call(local_azure, call, fault, skip=skip)
    assert drive(operation).state == "succeeded", operation.error_message
    assert unmanaged(raw(seed.LAB)) == before
    assert AuditEvent.objects.filter(action__startswith="write").count() == 2
    assert operation.error_code == ""


def test_write_whose_answer_was_lost_is_not_sent_again(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = signed_lab()
    break_call(local_azure, "write", "answer lost", times=1)
    assert drive(operation).state == "succeeded"
    assert len(patches(local_azure)) == 2


def test_write_given_up_without_an_answer_is_audited_as_unconfirmed(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    break_call(local_azure, "write", "answer lost", times=1)
    stage(operation)
    local_azure.post(
        "/_local/faults", [{"path": INSTANCE, "status": 403, "body": {"error": {"code": "No"}}}]
    )
    drive(operation)
    (event,) = AuditEvent.objects.filter(action__startswith="write")
    assert (event.action, operation.state) == ("write identity, unconfirmed", "failed")


def test_waits_as_long_as_azure_asks(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    break_call(local_azure, "write", "throttled", times=1)
    began = operation.due_at
    due_at = stage(operation, began)
    assert began is not None
    assert due_at is not None
    assert 30 <= (due_at - began).total_seconds() <= 45


def test_retried_operation_names_its_attempt_and_reason(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    refusal = {"error": {"code": "TooManyRequests", "message": "Slow down."}}
    local_azure.post("/_local/faults", [CALLS["write"] | FAULTS["throttled"] | {"body": refusal}])
    stage(operation)
    assert (operation.state, operation.attempt) == ("running", 2)
    assert operation.waiting_for == "a retry after TooManyRequests"
    assert "Slow down." in operation.error_message
    assert operation.due_at is not None


@pytest.mark.parametrize("call", CALLS)
def test_permanent_fault_fails_the_operation_after_bounded_attempts(
    local_azure: LocalAzure, call: str
) -> None:
    operation = signed_lab()
    broken = {"error": {"code": "InternalServerError", "message": "We are sorry."}}
    fault = CALLS[call] | {"status": 500, "body": broken, "times": None}
    local_azure.post("/_local/faults", [fault])
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "InternalServerError")
    assert "We are sorry." in operation.error_message
    assert operation.attempt == MAX_ATTEMPTS


def test_refused_write_fails_at_once(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    refusal = {"error": {"code": "RequestDisallowedByPolicy", "message": "Not on my watch."}}
    local_azure.post("/_local/faults", [CALLS["write"] | {"status": 403, "body": refusal}])
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "RequestDisallowedByPolicy")
    assert "Not on my watch." in operation.error_message
    assert operation.steps.get(position=0).state == "failed"
    assert len(patches(local_azure)) == 1


def test_lagging_reads_are_repeated(local_azure: LocalAzure) -> None:
    forget_results(local_azure)
    operation = signed_lab()
    old = raw(seed.LAB)
    while operation.steps.filter(state="done").count() < 2:
        stage(operation)
    local_azure.post("/_local/faults", [CALLS["read"] | {"status": 200, "body": old}])
    stage(operation)
    assert (operation.state, operation.error_code) == ("running", "NotConverged")
    assert drive(operation).state == "succeeded"
