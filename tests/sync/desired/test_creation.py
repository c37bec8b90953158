"""Creating instances: plans, applies, failures and worker deaths."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from accounts.actor import Actor
from arm.instance_state import ABSENT, ExistenceState, IdentityState, InstanceState
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.components.registry import REGISTRY
from sync.desired.accept_drift import accept
from sync.desired.deletion_protection import protect
from sync.desired.state import desired_state
from sync.desired.sync_status import sync_status
from sync.errors import NeverRead
from sync.models import AuditEvent, DesiredRevision, SyncStatus
from sync.operations.plans.instance import plan_instance
from sync.operations.start import start_delete
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.desired.new_instances import (
    CREATED,
    NEW,
    create,
    failed_creation,
    new_document,
    stored,
    writes,
)
from tests.sync.operations.failures.test_crashes import die_holding, intend
from tests.sync.states import sound_states
from tests.sync.worker import SIGNED, drive, set_desired, stage, start

pytestmark = pytest.mark.django_db


def test_instance_is_created_before_its_other_steps() -> None:
    desired = InstanceState(IdentityState("SystemAssigned"), existence=CREATED)
    plan = REGISTRY.plan(desired, ABSENT, instance=NEW)
    assert [step.kind for step in plan.steps] == ["existence", "identity"]
    assert plan.steps[0].after == InstanceState(existence=CREATED)
    assert plan.target == desired
    assert Plan.from_json(plan.to_json()) == plan


def test_existing_instance_is_never_changed_by_creation() -> None:
    found = InstanceState(existence=ExistenceState("northeurope", "Free_F1", "Classic"))
    assert REGISTRY.plan(InstanceState(existence=CREATED), found, instance=NEW).is_empty


def test_creation_comes_before_all_other_steps() -> None:
    desired = InstanceState(IdentityState("SystemAssigned"), existence=None)
    with pytest.raises(InvalidDesired, match="select its creation, `instance`"):
        REGISTRY.plan(desired, ABSENT, instance=NEW)


@hypothesis_settings(deadline=None)
@given(sound_states)
def test_any_prefix_of_a_plan_creates_the_instance_first(state: InstanceState) -> None:
    desired = replace(state, existence=CREATED)
    plan = REGISTRY.plan(desired, ABSENT, instance=NEW)
    assert (plan.before, plan.target) == (ABSENT, desired)
    assert plan.steps[0].kind == "existence"
    assert all(each.existence == CREATED for each in plan.states[1:])
    assert REGISTRY.plan(desired, plan.target, instance=NEW).is_empty


def test_new_instance_is_desired_and_not_created(local_azure: LocalAzure) -> None:
    outcome = create()
    assert outcome.code == 2
    assert "Create the instance" in outcome.out
    instance = stored()
    assert (instance.policy, instance.is_protected) == ("manage", True)
    assert sync_status(instance) == SyncStatus.OUT_OF_SYNC
    assert writes(local_azure) == []
    assert DesiredRevision.objects.get(instance=instance).action == "create"
    event = AuditEvent.objects.get(action="add instance")
    assert event.after
    assert event.after["sku"] == "Standard_S1"


def test_apply_creates_and_configures_the_instance(local_azure: LocalAzure) -> None:
    create(NEW, "--sku", "Premium_P1")
    operation = drive(start(set_desired(stored(), "SystemAssigned", SIGNED)))
    assert operation.state == "succeeded", operation.error_message
    assert writes(local_azure) == [
        ("PUT", "instance"),
        ("PATCH", "identity"),
        ("PATCH", "properties"),
    ]
    instance = stored()
    assert (instance.sku, instance.service_mode) == ("Premium_P1", "Serverless")
    assert instance.identity.principal_id is not None
    assert plan_instance(instance).is_empty
    assert sync_status(instance) == SyncStatus.SYNCED
    actions = AuditEvent.objects.filter(operation_id=operation.pk).order_by("pk")
    assert [event.action for event in actions] == [
        "start apply",
        "write existence",
        "write identity",
        "write templates",
    ]


def test_creation_whose_answer_was_lost_is_not_sent_again(local_azure: LocalAzure) -> None:
    create()
    lost = {"method": "PUT", "path": ".*", "times": 1, "drop": True, "after": True}
    local_azure.post("/_local/faults", [lost])
    operation = drive(start(stored()))
    assert operation.state == "succeeded", operation.error_message
    assert writes(local_azure, "PUT") == [("PUT", "instance")]


def test_name_taken_during_the_apply_stops_it(local_azure: LocalAzure) -> None:
    create()
    operation = start(stored())
    local_azure.seed(instances=[new_document()])
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
    assert writes(local_azure) == []


def test_failed_creation_is_reported_with_azures_message(local_azure: LocalAzure) -> None:
    create()
    local_azure.post("/_local/operations", {"polls": 1, "outcome": "Failed", "message": "Full."})
    operation = drive(start(stored()))
    assert operation.state == "failed"
    assert "Full." in operation.error_message


def test_failed_creation_is_retried(local_azure: LocalAzure) -> None:
    instance = failed_creation(local_azure)
    assert instance.provisioning_state == "Failed"
    assert sync_status(instance) == SyncStatus.OUT_OF_SYNC
    assert [step.kind for step in plan_instance(instance).steps] == [
        "existence",
        "identity",
        "templates",
    ]
    operation = drive(start(instance))
    assert operation.state == "succeeded", operation.error_message
    assert [method for method, _ in writes(local_azure)] == ["PUT", "PATCH", "PATCH"]
    assert plan_instance(stored()).is_empty
    assert not stored().is_creating


def test_failed_creation_can_be_deleted(local_azure: LocalAzure) -> None:
    instance = failed_creation(local_azure)
    protect(instance, who="ada", is_protected=False)
    operation = drive(start_delete(instance, confirm=NEW, actor=Actor("ada")))
    assert operation.state == "succeeded", operation.error_message
    assert writes(local_azure) == [("DELETE", "instance")]


def test_creation_that_failed_while_its_worker_was_dead_is_sent_again(
    local_azure: LocalAzure,
) -> None:
    create()
    operation = start(stored())
    local_azure.post("/_local/operations", {"seconds": 0, "outcome": "Failed"})
    lost = {"method": "PUT", "path": NEW, "drop": True, "after": True}
    local_azure.post("/_local/faults", [lost])
    stage(operation)
    local_azure.post("/_local/operations", {"polls": 1})
    assert drive(operation).state == "succeeded", operation.error_message
    assert [method for method, _ in writes(local_azure)] == ["PUT", "PUT"]


def test_existing_instance_in_failed_state_is_not_created_again(local_azure: LocalAzure) -> None:
    create()
    drive(start(stored()))
    local_azure.post("/_local/operations", {"polls": 1, "outcome": "Failed"})
    drive(start(set_desired(stored(), "SystemAssigned")))
    assert stored().provisioning_state == "Failed"
    assert [step.kind for step in plan_instance(stored()).steps] == ["identity"]


def test_refused_creation_is_not_audited_as_unconfirmed(
    local_azure: LocalAzure,
) -> None:
    create()
    body = {"error": {"code": "InvalidTemplate", "message": "Not so."}}
    refused = {"method": "PUT", "path": NEW, "status": 400, "body": body}
    local_azure.post("/_local/faults", [refused])
    operation = drive(start(stored()))
    assert (operation.state, operation.error_code) == ("failed", "InvalidTemplate")
    assert operation.steps.get(position=0).state == "failed"
    assert not AuditEvent.objects.filter(action__startswith="write").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (seed.CHAT, "already taken.*import_instances --name contoso-chat"),
        ("no", "The name of a SignalR instance has 3 to 63"),
    ],
)
def test_refuses_invalid_new_instances(local_azure: LocalAzure, name: str, words: str) -> None:
    outcome = create(name)
    assert outcome.code == 1
    assert pytest.raises(SyncError, match=words).matches(SyncError(outcome.error))
    assert not SignalRInstance.objects.exists()


def test_absence_in_azure_cannot_be_accepted(local_azure: LocalAzure) -> None:
    create()
    desired = desired_state(set_desired(stored(), "SystemAssigned", SIGNED))
    with pytest.raises(NeverRead, match="does not exist in Azure"):
        accept(stored(), who="ada")
    assert desired_state(stored()) == desired


def test_instance_deleted_elsewhere_is_planned_again(local_azure: LocalAzure) -> None:
    create()
    drive(start(stored()))
    local_azure.reset()
    assert run("drift", NEW).code == 2
    assert [step.kind for step in plan_instance(stored()).steps] == ["existence"]


def test_creation_whose_worker_died_is_not_sent_again(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    create()
    operation = start(stored())
    intend(die_holding(operation))
    arm_client(seed.SUBSCRIPTION_ID).create_instance(seed.REALTIME_GROUP, NEW, CREATED)
    assert drive(operation).state == "succeeded", operation.error_message
    assert writes(local_azure) == [("PUT", "instance")]
