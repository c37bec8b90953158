"""The role for sending is granted through a plan: refused before, delivered afterwards."""

from __future__ import annotations

import pytest

from diagnosis.checklist import diagnose
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.desired.senders import change_senders, own_sender
from sync.inventory.import_subscription import import_instance
from sync.operations.plans.instance import plan_instance
from tests.localazure.service.application import NAME, Application
from tests.localazure.service.sockets import Client
from tests.sync.commands import run
from tests.sync.worker import drive, start
from upstreams.receiver import Hub
from upstreams.sender import SendError

pytestmark = pytest.mark.django_db

chat = Hub("Chat")


def stored() -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=NAME)


def test_plan_grants_the_role_and_sending_works(service: Application) -> None:
    service.cloud.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    set_policy(import_instance(seed.SUBSCRIPTION_ID, "rg-test", NAME), Policy.MANAGE, who="ada")
    with pytest.raises(SendError) as raised:
        chat.send_to_all("said", 1)
    assert raised.value.status == 403
    assert f"`manage.py set_senders {NAME} --add-own`, then apply the plan" in str(raised.value)
    (role,) = [each for each in diagnose(stored()) if each.key == "sender_role"]
    assert role.outcome == "fail"
    assert f"manage.py set_senders {NAME} --add-own, then manage.py apply" in role.fix

    assert run("set_senders", NAME, "--add-own").code == 0
    (step,) = plan_instance(stored()).steps
    assert step.title == f"Assign the role SignalR REST API Owner to {seed.CLIENT_OBJECT_ID}"
    (role,) = [each for each in diagnose(stored()) if each.key == "sender_role"]
    assert role.fix == (
        f"Apply the plan, which assigns the role SignalR REST API Owner: manage.py apply {NAME}"
    )
    operation = drive(start(stored()))
    assert operation.state == "succeeded", operation.status_text

    with Client(service) as ada:
        chat.send_to_all("said", 1)
        assert ada.next()["arguments"] == [1]
    (role,) = [each for each in diagnose(stored()) if each.key == "sender_role"]
    # A new assignment counts once it takes effect everywhere.
    assert role.outcome == "unknown"
    assert "SignalR REST API Owner. The role assignment takes effect by" in role.evidence
    assert plan_instance(stored()).is_empty


def test_role_through_another_scope_needs_no_plan(service: Application) -> None:
    group = f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/rg-test"
    one = {"role": "SignalR Service Owner", "principalId": seed.CLIENT_OBJECT_ID, "scope": group}
    service.cloud.seed(roleAssignments=[one])
    instance = import_instance(seed.SUBSCRIPTION_ID, "rg-test", NAME)
    change_senders(instance, add=[own_sender()], who="ada")
    run("drift", NAME)
    assert plan_instance(stored()).is_empty
    chat.send_to_all("said", 1)
