"""Workers that die at every point of a stage after which it matters.

A dead worker is a claim that is never released: the row is as a SIGKILL leaves it.
"""

from __future__ import annotations

import pytest
from django.db.models import JSONField, Value

from localazure import seed
from sync.azure_client import arm_client
from sync.models import AuditEvent, Operation
from sync.operations.claims import Claim, ClaimLost, claim
from sync.operations.retries import MAX_ATTEMPTS
from sync.operations.run import run_stage
from tests.cloud import LocalAzure
from tests.sync.worker import (
    after_lease,
    drive,
    drive_to,
    forget_results,
    patches,
    signed_lab,
    stage,
)

pytestmark = pytest.mark.django_db


def die_holding(operation: Operation) -> Claim:
    """Claim the operation as a worker does, and never release it."""
    assert operation.due_at is not None
    held = claim(operation.pk, operation.due_at)
    assert held is not None
    operation.refresh_from_db()
    return held


def intend(held: Claim) -> None:
    """Record that the current step is about to be sent."""
    step = held.current_step
    assert step is not None
    step.state, step.started_at = step.State.SENDING, held.now
    held.record(step)


def send(held: Claim) -> None:
    """Send the current step, and record nothing of Azure's answer."""
    intend(held)
    patch = {"identity": {"type": "SystemAssigned"}}
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, patch)


def assert_applied_once(cloud: LocalAzure, operation: Operation) -> None:
    """Assert that Azure has the planned state, and that each write was sent once and audited."""
    assert drive(operation).state == "succeeded", operation.error_message
    assert len(patches(cloud)) == 2
    written = AuditEvent.objects.filter(action__startswith="write").order_by("pk")
    assert [event.action for event in written] == ["write identity", "write templates"]


def test_worker_dies_after_the_poll_that_finds_the_last_step_finished(
    local_azure: LocalAzure,
) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = signed_lab()
    drive_to(operation, "polling", position=1)
    held = die_holding(operation)
    arm_client(seed.SUBSCRIPTION_ID).poll(held.operation.continuation)
    assert_applied_once(local_azure, operation)


def test_claimed_operation_cannot_be_claimed_again(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    held = die_holding(operation)
    assert claim(operation.pk, held.now) is None
    assert run_stage(operation.pk, held.now) is None
    assert patches(local_azure) == []


def test_worker_dies_before_it_records_the_write(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    die_holding(operation)
    assert_applied_once(local_azure, operation)


def test_worker_dies_between_record_and_write(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    intend(die_holding(operation))
    assert_applied_once(local_azure, operation)


def test_worker_dies_after_a_write_that_azure_finished(
    local_azure: LocalAzure,
) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = signed_lab()
    send(die_holding(operation))
    assert_applied_once(local_azure, operation)


def test_worker_dies_after_a_write_that_azure_still_processes(
    local_azure: LocalAzure,
) -> None:
    local_azure.post("/_local/operations", {"seconds": 1})
    operation = signed_lab()
    send(die_holding(operation))
    stage(operation)
    assert operation.waiting_for == "Azure to finish another change of this instance"
    assert_applied_once(local_azure, operation)


def test_write_that_azure_gave_up_after_the_worker_died_is_sent_again(
    local_azure: LocalAzure,
) -> None:
    local_azure.post("/_local/operations", {"seconds": 0, "outcome": "Failed"})
    operation = signed_lab()
    send(die_holding(operation))
    local_azure.post("/_local/operations", {"polls": 1})
    stage(operation)
    assert drive(operation).state == "succeeded"
    assert len(patches(local_azure)) == 3


def test_worker_dies_after_a_poll(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    drive_to(operation, "polling")
    held = die_holding(operation)
    arm_client(seed.SUBSCRIPTION_ID).poll(held.operation.continuation)
    assert_applied_once(local_azure, operation)


def test_worker_dies_between_two_steps(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    drive_to(operation, "done")
    die_holding(operation)
    assert_applied_once(local_azure, operation)


def test_worker_dies_before_the_final_read(local_azure: LocalAzure) -> None:
    forget_results(local_azure)
    operation = signed_lab()
    drive_to(operation, "done", position=1)
    die_holding(operation)
    assert_applied_once(local_azure, operation)


def test_operation_that_kills_every_worker_fails(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    die_holding(operation)
    for _ in range(MAX_ATTEMPTS - 1):
        assert claim(operation.pk, after_lease(operation)) is not None
        operation.refresh_from_db()
    stage(operation)
    assert (operation.state, operation.error_code) == ("failed", "WorkerLost")


def test_worker_with_expired_lease_writes_nothing(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    held = die_holding(operation)
    stage(operation)
    with pytest.raises(ClaimLost):
        intend(held)
    with pytest.raises(ClaimLost):
        held.finish(Operation.State.FAILED)
    operation.refresh_from_db()
    assert (operation.state, operation.steps.get(position=0).state) == ("running", "polling")


def test_forgotten_azure_operation_is_no_reason_to_write_again(
    local_azure: LocalAzure,
) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = signed_lab()
    drive_to(operation, "polling")
    # Neither the result nor the status is known.
    forgotten = {"path": "operation(Statuses|Results)", "status": 404, "times": 2}
    local_azure.post("/_local/faults", [forgotten | {"body": {"error": {"code": "NotFound"}}}])
    stage(operation)
    assert operation.steps.get(position=0).state == "sending"
    assert drive(operation).state == "succeeded"
    assert len(patches(local_azure)) == 2


@pytest.mark.parametrize(
    "plan",
    [{}, {"instance": "x"}, [], {"steps": [None], "before": None}, Value(None, JSONField())],
)
def test_unreadable_plan_ends_the_operation_with_a_message(
    local_azure: LocalAzure, plan: object
) -> None:
    operation = signed_lab()
    Operation.objects.filter(pk=operation.pk).update(plan=plan)
    assert stage(operation) is None
    assert (operation.state, operation.error_code) == ("failed", "UnreadablePlan")
    assert "Review the new plan, then apply it." in operation.error_message
    assert (operation.lease_owner, operation.lease_until) == ("", None)
    assert patches(local_azure) == []


def test_write_in_progress_is_audited_if_its_plan_is_unreadable(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    send(die_holding(operation))
    Operation.objects.filter(pk=operation.pk).update(plan={})
    stage(operation)
    assert [step.state for step in operation.steps.all()] == ["failed", "pending"]
    written = AuditEvent.objects.get(action__startswith="write")
    assert (written.action, written.who) == ("write identity, unconfirmed", "ada")
