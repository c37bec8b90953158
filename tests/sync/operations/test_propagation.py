"""Propagation of grants, up to half an hour: reported, waited for, and no failure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.grant_choices import desire_all_grants
from sync.desired.management_policy import Policy, set_policy
from sync.errors import OperationFinished
from sync.inventory.import_subscription import import_subscription
from sync.models import Operation
from sync.operations.cancel import cancel
from sync.operations.json_output import operation_document
from sync.operations.propagation import LONGEST
from sync.operations.retries import MAX_ATTEMPTS
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.inventory.key_vault.test_grants import (
    POLICIES,
    ROLES,
    seed_naming,
    stored,
    with_references,
)
from tests.sync.operations.failures.test_crashes import die_holding
from tests.sync.worker import drive, patches, set_desired, stage, stage_numbers, start
from upstreams.models import Delivery

pytestmark = pytest.mark.django_db


def propagating() -> Operation:
    """Return an operation that has written a role assignment and waits for its propagation."""
    return drive_to_propagation(start(with_references(seed.LAB, "SystemAssigned", ROLES)))


def drive_to_propagation(operation: Operation) -> Operation:
    for _ in stage_numbers():
        if operation.is_settled:
            break
        stage(operation)
    return operation


def written_at(operation: Operation) -> datetime:
    """Return the time at which the last step was done."""
    return max(step.finished_at for step in operation.steps.all() if step.finished_at)


def deliver(operation: Operation, outcome: str = "accepted", **fields: object) -> None:
    """Record an event that SignalR sent after the last write."""
    reason = "" if outcome == "accepted" else "no_token"
    values = {"hub": "chat", "category": "messages", "event": "echo", "status": 200} | fields
    Delivery.objects.create(
        instance=operation.instance,
        received_at=written_at(operation) + timedelta(seconds=1),
        outcome=outcome,
        reason=reason,
        duration_ms=1,
        **values,
    )


def test_operation_says_what_it_waits_for_and_when_it_checks_again(
    local_azure: LocalAzure,
) -> None:
    operation = propagating()
    assert (operation.state, operation.attempt) == ("propagating", 1)
    assert [step.state for step in operation.steps.all()] == ["done"] * 3
    assert operation.status_text.startswith("waiting for propagation, until ")
    assert f"the secrets of {ROLES} may not be readable (attempt 1)" in operation.status_text
    assert operation.due_at is not None
    document = operation_document(operation)
    assert document["due_at"] == operation.due_at.isoformat()
    assert (document["state"], document["finished_at"]) == ("propagating", None)


def test_succeeds_when_the_time_is_over(local_azure: LocalAzure) -> None:
    operation = propagating()
    attempts, end = [], written_at(operation) + LONGEST
    while not operation.is_finished:
        attempts.append(operation.attempt)
        assert operation.due_at is not None
        assert operation.due_at <= end
        stage(operation)
    assert attempts == list(range(1, MAX_ATTEMPTS + 1))
    assert (operation.state, operation.waiting_for, operation.due_at) == ("succeeded", "", None)


def test_succeeds_when_an_event_that_needs_the_secret_arrives(local_azure: LocalAzure) -> None:
    operation = propagating()
    deliver(operation)
    stage(operation)
    assert operation.state == "succeeded"


@pytest.mark.parametrize("outcome", ["refused", "failed"])
def test_ignores_events_that_were_not_accepted(local_azure: LocalAzure, outcome: str) -> None:
    operation = propagating()
    deliver(operation, outcome)
    stage(operation)
    assert (operation.state, operation.attempt) == ("propagating", 2)


def test_ignores_events_from_before_the_last_write(local_azure: LocalAzure) -> None:
    operation = propagating()
    deliver(operation)
    Delivery.objects.update(received_at=written_at(operation) - timedelta(seconds=1))
    stage(operation)
    assert operation.state == "propagating"


def test_access_policy_is_effective_at_once_for_a_new_reference(
    local_azure: LocalAzure,
) -> None:
    operation = start(with_references(seed.LAB, "SystemAssigned", POLICIES))
    assert drive_to_propagation(operation).state == "succeeded"


def test_access_policy_for_an_existing_reference_is_waited_for(
    local_azure: LocalAzure,
) -> None:
    seed_naming(local_azure, "contoso-closed", vault=POLICIES)
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(SignalRInstance.objects.get(name="contoso-closed"))
    set_policy(instance, Policy.MANAGE, who="ada")
    desire_all_grants(instance, who="ada")
    operation = drive_to_propagation(start(stored(instance)))
    assert [step.kind for step in operation.steps.all()] == ["grants"]
    assert operation.state == "propagating"


def test_instance_accepts_another_operation_meanwhile(local_azure: LocalAzure) -> None:
    first = propagating()
    second = drive(start(set_desired(stored(first.instance), "SystemAssigned")))
    assert second.state == "succeeded", second.error_message
    first.refresh_from_db()
    assert first.state == "propagating"
    assert drive(first).state == "succeeded"


def test_next_worker_continues_the_wait(local_azure: LocalAzure) -> None:
    operation = propagating()
    written = len(patches(local_azure))
    die_holding(operation)
    assert operation.state == "propagating"
    assert drive(operation).state == "succeeded"
    assert len(patches(local_azure)) == written


def test_cannot_be_cancelled_while_waiting(local_azure: LocalAzure) -> None:
    operation = propagating()
    with pytest.raises(OperationFinished, match="nothing left to write"):
        cancel(operation, who="ada")


def test_apply_ends_when_all_is_written_and_names_pending_propagation(
    local_azure: LocalAzure,
) -> None:
    instance = with_references(seed.LAB, "SystemAssigned", ROLES)
    outcome = run("apply", instance.name, "--yes", "--inline")
    assert outcome.code == 0, outcome.error
    assert "waiting for propagation, until" in outcome.out
    assert Operation.objects.get().state == "propagating"
    assert Operation.objects.due(timezone.now() + LONGEST).count() == 1
