"""Deleting instances: plans, protection, applies and worker deaths."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from arm.instance_state import ABSENT, IdentityState, InstanceState
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.components.registry import REGISTRY
from sync.desired.deletion_protection import Protected, protect
from sync.desired.management_policy import Policy, set_policy
from sync.desired.sync_status import sync_status
from sync.errors import NeverRead, NotManaged
from sync.models import AuditEvent, Operation, SyncStatus
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_text
from sync.operations.start import start_delete
from tests.cloud import LocalAzure
from tests.localazure.rest import LAB_ID
from tests.sync.commands import run
from tests.sync.desired.new_instances import CREATED, NEW, create, new_document, stored, writes
from tests.sync.operations.failures.test_crashes import die_holding, intend
from tests.sync.worker import drive, imported, managed, stage, start

pytestmark = pytest.mark.django_db


def test_deletion_is_one_step_and_names_its_losses() -> None:
    observed = InstanceState(IdentityState("SystemAssigned"), existence=CREATED)
    deletion = REGISTRY.removal(observed, instance=NEW)
    assert [step.kind for step in deletion.steps] == ["existence"]
    assert deletion.target == ABSENT
    text = render_text(deletion)
    assert "- instance {" in text
    assert '- sku          = "Standard_S1"' in text
    assert "! Clients are disconnected" in text


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
    changed = {**new_document(), "id": stored(seed.LAB).arm_id}
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


def test_deletion_whose_worker_died_is_not_sent_again(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = delete(deletable())
    intend(die_holding(operation))
    arm_client(seed.SUBSCRIPTION_ID).delete_instance(seed.PAYMENTS_GROUP, seed.LAB)
    assert drive(operation).state == "succeeded", operation.error_message
    assert writes(local_azure) == [("DELETE", "instance")]
    assert stored(seed.LAB).missing_since is not None
