"""Senders of an instance are planned, granted and accepted, and no role is removed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from localazure import seed
from sync.components.registry import REGISTRY
from sync.components.senders import Sender, senders_of, with_senders
from sync.desired.accept_drift import accept
from sync.desired.senders import change_senders, own_sender, set_senders
from sync.desired.sync_status import sync_status
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh, refresh_subscription
from sync.models import AuditEvent, SyncStatus
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import drive, imported, managed, start

pytestmark = pytest.mark.django_db

OWN = Sender(seed.CLIENT_OBJECT_ID)
READER = Sender(seed.READER_OBJECT_ID)
DENIED = {"error": {"code": "AuthorizationFailed", "message": "Not allowed."}}


def stored() -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=seed.CHAT)


def assignments(local_azure: LocalAzure) -> list[dict[str, Any]]:
    """Return the bodies of the role assignments that were written."""
    sent = [one for one in local_azure.requests("PUT") if "roleAssignments" in one["path"]]
    return [one["body"]["properties"] for one in sent]


def desiring(*senders: Sender) -> SignalRInstance:
    """Return a managed instance with these desired senders."""
    set_senders(managed(seed.CHAT), senders, who="ada")
    return stored()


def test_nothing_is_planned_or_read_without_desired_senders(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    assert plan_instance(stored()).is_empty
    assert not [one for one in local_azure.requests("GET") if "roleAssign" in one["path"]]


def test_apply_assigns_the_role_on_the_instance(local_azure: LocalAzure) -> None:
    desiring(OWN, READER)
    plan = plan_instance(stored())
    assert [change.path for change in plan.changes] == sorted(
        f"senders[{each.principal_id}]" for each in (OWN, READER)
    )
    operation = drive(start(stored()))
    assert operation.state == "succeeded", operation.status_text
    written = assignments(local_azure)
    assert {each["principalId"] for each in written} == {OWN.principal_id, READER.principal_id}
    assert {each["roleDefinitionId"].rsplit("/", 1)[-1] for each in written} == {
        "fd53cd77-2268-407a-8f46-7e7863d0f521"
    }
    assert {each["principalType"] for each in written} == {"ServicePrincipal"}
    scopes = [one["path"] for one in local_azure.requests("PUT") if "roleAssign" in one["path"]]
    assert all(f"/signalr/{seed.CHAT}/" in path.lower() for path in scopes)
    assert plan_instance(stored()).is_empty
    assert sync_status(stored()) == SyncStatus.SYNCED
    assert AuditEvent.objects.get(action="write senders").who == "ada"


def test_one_sender_is_assigned_alone_when_selected(local_azure: LocalAzure) -> None:
    instance = desiring(OWN, READER)
    plan = plan_instance(instance, [f"senders[{READER.principal_id}]"])
    assert senders_of(plan.target) == [READER]


def test_refused_assignment_names_the_role_to_ask_for(local_azure: LocalAzure) -> None:
    desiring(OWN)
    refusal = {"method": "PUT", "path": "roleAssignments", "status": 403, "body": DENIED}
    local_azure.post("/_local/faults", [refusal | {"times": 20}])
    operation = drive(start(stored()))
    assert (operation.state, operation.error_code) == ("failed", "AuthorizationFailed")
    assert "Microsoft.Authorization/roleAssignments/write" in operation.error_message
    assert "Role Based Access Control Administrator" in operation.error_message


def test_sender_that_is_no_longer_desired_keeps_its_role(local_azure: LocalAzure) -> None:
    drive(start(desiring(OWN)))
    change_senders(stored(), remove=[OWN.principal_id.upper()], who="ada")
    refresh(stored())
    assert plan_instance(stored()).is_empty
    assert stored().observed_senders is None
    assert not local_azure.requests("DELETE")


def test_removed_role_is_drift_that_can_be_accepted(local_azure: LocalAzure) -> None:
    desiring(OWN)
    refresh_subscription(stored().subscription)
    assert sync_status(stored()) == SyncStatus.OUT_OF_SYNC
    (change,) = accept(stored(), who="ada")
    assert change.path == f"senders[{OWN.principal_id}]"
    assert stored().desired_senders is None
    assert plan_instance(stored()).is_empty
    assert AuditEvent.objects.filter(action="drop senders", who="ada").exists()
    assert local_azure.requests("GET")


def test_import_that_accepts_keeps_the_senders(local_azure: LocalAzure) -> None:
    desiring(OWN)
    report = import_subscription(seed.SUBSCRIPTION_ID, accept=True)
    assert seed.CHAT not in report.updated
    assert stored().desired_senders == [[OWN.principal_id, "ServicePrincipal"]]


def test_unreadable_assignments_fail_no_refresh(local_azure: LocalAzure) -> None:
    drive(start(desiring(OWN)))
    local_azure.post(
        "/_local/faults",
        [{"path": "roleAssignments", "status": 403, "body": DENIED, "times": 100}],
    )
    refresh(stored())
    assert stored().observed_senders == [[OWN.principal_id, "ServicePrincipal"]]


def test_change_is_audited_once(local_azure: LocalAzure) -> None:
    instance = imported(seed.CHAT)
    assert own_sender() == OWN
    assert change_senders(instance, add=[OWN], who="ada")
    assert not change_senders(instance, add=[OWN], who="ada")
    event = AuditEvent.objects.get(action="set senders")
    assert (event.before, event.after) == (None, [[OWN.principal_id, "ServicePrincipal"]])


@pytest.mark.parametrize(
    ("sender", "message"),
    [(Sender("chat"), "is not an object ID"), (Sender(OWN.principal_id, "Robot"), "must be one")],
)
def test_refuses_what_is_no_principal(
    local_azure: LocalAzure, sender: Sender, message: str
) -> None:
    instance = imported(seed.CHAT)
    with pytest.raises(ValidationError, match=message):
        change_senders(instance, add=[sender], who="ada")
    assert stored().desired_senders is None


def test_command_adds_and_removes(local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    added = run("set_senders", seed.CHAT, "--add", READER.principal_id, "--type", "User", "--json")
    assert added.document["senders"] == [
        {"principal_id": READER.principal_id, "principal_type": "User"}
    ]
    assert seed.CLIENT_OBJECT_ID in run("set_senders", seed.CHAT, "--add-own").out
    ids = [seed.CLIENT_OBJECT_ID, READER.principal_id]
    removed = [option for each in ids for option in ("--remove", each)]
    assert "none." in run("set_senders", seed.CHAT, *removed).out
    assert run("set_senders", seed.CHAT, "--add", "me").code == 1


def test_step_comes_after_the_templates_and_warns_of_propagation() -> None:
    plan = REGISTRY.plan(with_senders(InstanceState(), [OWN]), InstanceState(), instance="x")
    (step,) = plan.steps
    assert "30 minutes" in step.warnings[0]
    assert step.losses == ()
    assert "After the templates" in REGISTRY.explain(plan, step)
