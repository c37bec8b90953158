"""What was granted may take half an hour to act: that is said, waited for, and no failure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.grant_choices import desire_all_grants
from sync.desired.management_policy import Policy, set_policy
from sync.errors import OperationFinished
from sync.inventory.import_instances import import_subscription
from sync.models import Operation
from sync.operations.backoff import MAX_ATTEMPTS
from sync.operations.lifecycle import cancel
from sync.operations.propagation import LONGEST
from sync.operations.serializers import operation_document
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.inventory.test_grants import POLICIES, ROLES, naming, seed_naming, stored
from tests.sync.operations.test_crashes import die_holding
from tests.sync.worker import drive, patches, stage, start, turns, want
from upstreams.models import Delivery

pytestmark = pytest.mark.django_db


def propagating() -> Operation:
    """Return an operation that has written a role assignment, and waits for that to act."""
    return drive_to_propagation(start(naming(seed.LAB, "SystemAssigned", ROLES)))


def drive_to_propagation(operation: Operation) -> Operation:
    for _ in turns():
        if operation.is_settled:
            break
        stage(operation)
    return operation


def written_at(operation: Operation) -> datetime:
    """Return when the last step was done."""
    return max(step.finished_at for step in operation.steps.all() if step.finished_at)


def deliver(operation: Operation, outcome: str = "accepted", **fields: object) -> None:
    """Record an event that SignalR sent after all was written."""
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


def test_an_operation_says_what_it_waits_for_and_when_it_looks_again(
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


def test_it_succeeds_when_the_time_is_over(local_azure: LocalAzure) -> None:
    operation = propagating()
    attempts, end = [], written_at(operation) + LONGEST
    while not operation.is_finished:
        attempts.append(operation.attempt)
        assert operation.due_at is not None
        assert operation.due_at <= end
        stage(operation)
    assert attempts == list(range(1, MAX_ATTEMPTS + 1))
    assert (operation.state, operation.waiting_for, operation.due_at) == ("succeeded", "", None)


def test_it_succeeds_when_an_event_came_that_needs_the_secret(local_azure: LocalAzure) -> None:
    operation = propagating()
    deliver(operation)
    stage(operation)
    assert operation.state == "succeeded"


@pytest.mark.parametrize("outcome", ["refused", "failed"])
def test_an_event_that_was_not_accepted_proves_nothing(
    local_azure: LocalAzure, outcome: str
) -> None:
    operation = propagating()
    deliver(operation, outcome)
    stage(operation)
    assert (operation.state, operation.attempt) == ("propagating", 2)


def test_an_event_from_before_the_last_write_proves_nothing(local_azure: LocalAzure) -> None:
    operation = propagating()
    deliver(operation)
    Delivery.objects.update(received_at=written_at(operation) - timedelta(seconds=1))
    stage(operation)
    assert operation.state == "propagating"


def test_an_access_policy_acts_at_once_where_its_reference_is_read_anew(
    local_azure: LocalAzure,
) -> None:
    operation = start(naming(seed.LAB, "SystemAssigned", POLICIES))
    assert drive_to_propagation(operation).state == "succeeded"


def test_an_access_policy_for_a_reference_that_is_there_already_is_waited_for(
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


def test_the_instance_is_free_for_another_operation_meanwhile(local_azure: LocalAzure) -> None:
    first = propagating()
    second = drive(start(want(stored(first.instance), "SystemAssigned")))
    assert second.state == "succeeded", second.error_message
    first.refresh_from_db()
    assert first.state == "propagating"
    assert drive(first).state == "succeeded"


def test_a_worker_that_dies_in_the_wait_leaves_it_to_the_next(local_azure: LocalAzure) -> None:
    operation = propagating()
    written = len(patches(local_azure))
    die_holding(operation)
    assert operation.state == "propagating"
    assert drive(operation).state == "succeeded"
    assert len(patches(local_azure)) == written


def test_there_is_nothing_to_stop_any_more(local_azure: LocalAzure) -> None:
    operation = propagating()
    with pytest.raises(OperationFinished, match="nothing left to write"):
        cancel(operation, who="ada")


def test_an_apply_that_waits_ends_with_all_written_and_says_what_does_not_act_yet(
    local_azure: LocalAzure,
) -> None:
    instance = naming(seed.LAB, "SystemAssigned", ROLES)
    outcome = run("apply", instance.name, "--yes", "--inline")
    assert outcome.code == 0, outcome.error
    assert "waiting for propagation, until" in outcome.out
    assert Operation.objects.get().state == "propagating"
    assert Operation.objects.due(timezone.now() + LONGEST).count() == 1
