from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from accounts.actor import Actor
from arm.state import ABSENT, ExistenceState, IdentityState, InstanceState
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.components.registry import REGISTRY
from sync.desired.accept_drift import accept
from sync.desired.lifecycle import Protected, protect
from sync.desired.management_policy import Policy, set_policy
from sync.desired.state import desired_state
from sync.desired.sync_status import sync_status
from sync.errors import NeverRead, NotManaged
from sync.models import AuditEvent, DesiredRevision, Operation, SyncStatus
from sync.operations.instance_plan import plan_instance
from sync.operations.lifecycle import start_delete
from sync.operations.plan_output import render_text
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan
from tests.cloud import LocalAzure
from tests.localazure.rest import LAB_ID
from tests.sync.commands import Outcome, run
from tests.sync.operations.test_crashes import die_holding, intend
from tests.sync.states import sound_states
from tests.sync.worker import SIGNED, drive, imported, managed, set_desired, stage, start

pytestmark = pytest.mark.django_db

NEW = "contoso-new"
CREATED = ExistenceState("westeurope", "Standard_S1", "Serverless")


def create(name: str = NEW, *options: str) -> Outcome:
    return run(
        "create_instance",
        name,
        f"--subscription={seed.SUBSCRIPTION_ID}",
        f"--resource-group={seed.REALTIME_GROUP}",
        "--location=westeurope",
        *options,
    )


def stored(name: str = NEW) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def writes(cloud: LocalAzure, *methods: str) -> list[tuple[str, str]]:
    """Return the writes on instances in their order: the method and what was written."""
    kinds = {"PUT": "instance", "DELETE": "instance"}
    return [
        (entry["method"], kinds.get(entry["method"]) or next(iter(entry["body"])))
        for entry in cloud.requests()
        if entry["method"] in (methods or ("PUT", "PATCH", "DELETE"))
    ]


# --- plans ---


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


def test_deletion_is_one_step_and_names_its_losses() -> None:
    observed = InstanceState(IdentityState("SystemAssigned"), existence=CREATED)
    deletion = REGISTRY.removal(observed, instance=NEW)
    assert [step.kind for step in deletion.steps] == ["existence"]
    assert deletion.target == ABSENT
    text = render_text(deletion)
    assert "- instance {" in text
    assert '- sku          = "Standard_S1"' in text
    assert "! Its clients are disconnected" in text


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


# --- creation ---


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
    local_azure.seed(instances=[seed_like(local_azure)])
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
    assert writes(local_azure) == []


def seed_like(cloud: LocalAzure) -> dict[str, Any]:
    """Return the document of an instance of the new name, created outside Signalman."""
    return {
        "id": f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/{seed.REALTIME_GROUP}"
        f"/providers/Microsoft.SignalRService/SignalR/{NEW}",
        "location": seed.LOCATION,
        "identity": {"type": "SystemAssigned"},
    }


def test_failed_creation_is_reported_with_azures_message(local_azure: LocalAzure) -> None:
    create()
    local_azure.post("/_local/operations", {"polls": 1, "outcome": "Failed", "message": "Full."})
    operation = drive(start(stored()))
    assert operation.state == "failed"
    assert "Full." in operation.error_message


def failed_creation(cloud: LocalAzure) -> SignalRInstance:
    """Return an instance whose creation failed in Azure."""
    create()
    cloud.post("/_local/operations", {"polls": 1, "outcome": "Failed", "message": "Full."})
    assert drive(start(set_desired(stored(), "SystemAssigned", SIGNED))).state == "failed"
    cloud.post("/_local/operations", {"polls": 1})
    cloud.delete("/_local/requests")
    return stored()


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


# --- deletion ---


def deletable(name: str = seed.LAB) -> SignalRInstance:
    instance = managed(name)
    protect(instance, who="ada", is_protected=False)
    return stored(name)


def delete(instance: SignalRInstance) -> Operation:
    return start_delete(instance, confirm=instance.name, actor=Actor("ada"))


def test_deletion_keeps_the_row_as_missing(local_azure: LocalAzure) -> None:
    operation = drive(delete(deletable(seed.CHAT)))
    assert operation.state == "succeeded", operation.error_message
    assert writes(local_azure) == [("DELETE", "instance")]
    instance = stored(seed.CHAT)
    assert instance.missing_since is not None
    assert instance.identity.principal_id is None
    assert sync_status(instance) == SyncStatus.MISSING
    event = AuditEvent.objects.get(action="write existence")
    assert event.before
    assert (event.before["sku"], event.after) == (instance.sku, None)


def test_created_and_deleted_instance_is_not_created_again(local_azure: LocalAzure) -> None:
    create()
    drive(start(stored()))
    protect(stored(), who="ada", is_protected=False)
    drive(delete(stored()))
    with pytest.raises(NeverRead):
        plan_instance(stored())


def test_instance_is_protected_by_default(local_azure: LocalAzure) -> None:
    with pytest.raises(Protected, match=f"manage.py protect {seed.LAB} --off"):
        delete(managed(seed.LAB))
    assert not Operation.objects.exists()


def test_deletion_requires_the_name(local_azure: LocalAzure) -> None:
    with pytest.raises(Protected, match=f"with the name '{seed.LAB}', not 'lab'"):
        start_delete(deletable(), confirm="lab", actor=Actor("ada"))
    assert not Operation.objects.exists()


def test_observed_instance_is_not_deleted(local_azure: LocalAzure) -> None:
    instance = deletable()
    set_policy(instance, Policy.OBSERVE, who="ada")
    with pytest.raises(NotManaged):
        delete(instance)


def test_missing_instance_is_not_deleted(local_azure: LocalAzure) -> None:
    drive(delete(deletable()))
    with pytest.raises(NeverRead, match="does not exist in Azure"):
        delete(stored(seed.LAB))


def test_protection_stops_a_deletion_that_was_not_sent(local_azure: LocalAzure) -> None:
    operation = delete(deletable())
    protect(stored(seed.LAB), who="grace")
    stage(operation)
    assert operation.state == "cancelled"
    assert writes(local_azure) == []


def test_change_in_azure_stops_a_deletion(local_azure: LocalAzure) -> None:
    deletion = delete(deletable())
    changed = {**seed_like(local_azure), "id": stored(seed.LAB).arm_id}
    local_azure.seed(instances=[changed])
    drive(deletion)
    assert (deletion.state, deletion.error_code) == ("failed", "StalePlan")
    assert writes(local_azure) == []


def test_deletion_whose_operation_azure_forgot_succeeds(local_azure: LocalAzure) -> None:
    # Azure deletes at once (204), or says where to poll (202), as it does for other resources.
    url = f"{local_azure.url}{LAB_ID}/operationStatuses/forgotten?api-version=2023-02-01"
    accepted = {"status": 202, "headers": {"Azure-AsyncOperation": url}, "after": True}
    local_azure.post("/_local/faults", [{"method": "DELETE"} | accepted])
    operation = delete(deletable())
    assert drive(operation).state == "succeeded", operation.error_message
    assert writes(local_azure) == [("DELETE", "instance")]


def test_command_deletes_by_name(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    imported(seed.LAB)
    run("set_policy", seed.LAB, "manage")
    assert "protect contoso-lab --off" in run("delete_instance", seed.LAB, "--confirm=x").error
    assert run("protect", seed.LAB, "--off").out == f"{seed.LAB}: not protected.\n"
    outcome = run("delete_instance", seed.LAB, f"--confirm={seed.LAB}", "--inline")
    assert outcome.code == 0
    assert "Delete the instance" in outcome.out
    assert outcome.out.endswith("succeeded\n")
    protected = AuditEvent.objects.get(action="set is_protected")
    assert (protected.before, protected.after) == ("True", "False")


def test_deletion_without_waiting_is_pending(local_azure: LocalAzure) -> None:
    deletable()
    outcome = run("delete_instance", seed.LAB, f"--confirm={seed.LAB}")
    assert outcome.code == 2
    assert "Started operation" in outcome.out


# --- worker deaths ---


def test_creation_whose_worker_died_is_not_sent_again(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    create()
    operation = start(stored())
    intend(die_holding(operation))
    arm_client(seed.SUBSCRIPTION_ID).create_instance(seed.REALTIME_GROUP, NEW, CREATED)
    assert drive(operation).state == "succeeded", operation.error_message
    assert writes(local_azure) == [("PUT", "instance")]


def test_deletion_whose_worker_died_is_not_sent_again(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = delete(deletable())
    intend(die_holding(operation))
    arm_client(seed.SUBSCRIPTION_ID).delete_instance(seed.PAYMENTS_GROUP, seed.LAB)
    assert drive(operation).state == "succeeded", operation.error_message
    assert writes(local_azure) == [("DELETE", "instance")]
    assert stored(seed.LAB).missing_since is not None
