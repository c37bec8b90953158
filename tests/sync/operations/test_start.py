from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from accounts.actor import Actor
from identities.models import SignalRInstance
from localazure import seed
from sync.errors import NeverRead, NothingToApply, OperationRunning, StalePlan
from sync.models import AuditEvent, Operation
from sync.operations.plans.instance import plan_instance
from sync.operations.start import start_apply
from sync.planning.plan import InvalidDesired
from tests.cloud import LocalAzure
from tests.sync.worker import (
    SIGNED,
    drive,
    imported,
    managed,
    patches,
    set_desired,
    signed_lab,
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
