from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from accounts.actor import Actor
from identities.models import SignalRInstance
from localazure import seed
from sync.errors import NeverRead, NothingToApply, OperationFinished, OperationRunning, StalePlan
from sync.models import AuditEvent, Operation
from sync.operations.lifecycle import cancel, run_stage, start_apply
from sync.operations.plans.instance import plan_instance
from sync.planning.plan import InvalidDesired
from tests.cloud import LocalAzure
from tests.sync.worker import (
    SIGNED,
    drive,
    drive_to,
    imported,
    managed,
    patches,
    set_desired,
    signed_lab,
    stage,
    start,
)

pytestmark = pytest.mark.django_db


def test_starting_writes_nothing_to_azure(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    assert (operation.state, operation.attempt) == ("queued", 1)
    assert [step.title for step in operation.steps.all()] == [
        "Assign a system-assigned identity",
        "Set 1 upstream template",
    ]
    assert patches(local_azure) == []


def test_operation_keeps_the_plan_that_was_shown(local_azure: LocalAzure) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned")
    shown = plan_instance(instance)
    operation = start_apply(instance, digest=shown.digest, actor=Actor("ada"))
    stored = Operation.objects.get(pk=operation.pk)
    assert stored.read_plan() == shown
    assert stored.plan_digest == shown.digest


def test_operation_keeps_its_requester_by_name_and_row(local_azure: LocalAzure) -> None:
    ada = User.objects.create_user("ada")
    instance = set_desired(imported(seed.LAB), "SystemAssigned")
    operation = start_apply(instance, digest=plan_instance(instance).digest, actor=Actor.of(ada))
    assert (operation.requested_by, operation.requested_by_name) == (ada, "ada")
    assert AuditEvent.objects.get(operation_id=operation.pk).who == "ada"


def test_refuses_another_plan_than_shown_and_returns_the_new_one(
    local_azure: LocalAzure,
) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned")
    shown = plan_instance(instance)
    instance = set_desired(instance, "SystemAssigned", SIGNED)
    with pytest.raises(StalePlan) as caught:
        start_apply(instance, digest=shown.digest, actor=Actor("ada"))
    assert caught.value.plan == plan_instance(instance)
    assert not Operation.objects.exists()


def test_one_of_two_concurrent_applies_is_refused(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    instance = SignalRInstance.objects.with_desired().get(name=seed.LAB)
    with pytest.raises(OperationRunning) as caught:
        start(instance)
    assert caught.value.operation == operation
    assert str(operation.pk) in str(caught.value)
    drive(operation)
    assert len(patches(local_azure)) == 2


def test_empty_plan_starts_nothing(local_azure: LocalAzure) -> None:
    with pytest.raises(NothingToApply):
        start(managed(seed.LAB))


def test_invalid_plan_starts_nothing(local_azure: LocalAzure) -> None:
    with pytest.raises(InvalidDesired, match="has no identity"):
        start(set_desired(imported(seed.LAB), "None", SIGNED))


def test_instance_that_was_never_read_has_no_plan(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    instance.observed = None
    with pytest.raises(NeverRead, match="was never read"):
        plan_instance(instance)


def test_queued_operation_is_cancelled_at_once(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    cancel(operation, who="grace")
    assert (operation.state, operation.waiting_for) == ("cancelled", "")
    event = AuditEvent.objects.latest("pk")
    assert (event.who, event.action) == ("grace", "cancel apply")
    assert drive(operation).state == "cancelled"
    assert patches(local_azure) == []


def test_running_operation_is_cancelled_after_its_current_step(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    drive_to(operation, "polling")
    cancel(operation, who="grace")
    assert operation.state == "running"
    assert drive(operation).state == "cancelled"
    assert [step.state for step in operation.steps.all()] == ["done", "pending"]
    assert len(patches(local_azure)) == 1


def test_finished_operation_cannot_be_cancelled(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    with pytest.raises(OperationFinished):
        cancel(operation, who="grace")
    assert operation.state == "succeeded"


def test_duplicate_message_does_nothing(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    due_at = operation.due_at
    assert stage(operation, due_at) is not None
    fence = operation.fence
    assert run_stage(operation.pk, due_at) is None
    operation.refresh_from_db()
    assert operation.fence == fence
