"""`senders` in the documents of a fleet."""

from __future__ import annotations

import pytest

from localazure import seed
from sync.components.senders import Sender, desired_senders
from sync.desired.senders import set_senders
from tests.sync.declared import Fleet, lab

pytestmark = pytest.mark.django_db

OWN = {"principalId": seed.CLIENT_OBJECT_ID, "principalType": "ServicePrincipal"}


def test_declared_senders_are_planned_and_applied(fleet: Fleet) -> None:
    assert "senders" not in fleet.read()[seed.LAB]
    fleet.change(seed.LAB, policy="manage", senders=[{"principalId": seed.CLIENT_OBJECT_ID}])
    planned = fleet.plan()
    assert planned.code == 2
    assert f"Assign the role SignalR REST API Owner to {seed.CLIENT_OBJECT_ID}" in planned.out
    assert lab().desired_senders is None
    outcome = fleet.apply()
    assert outcome.code == 0, outcome.error
    assert desired_senders(lab()) == [Sender(seed.CLIENT_OBJECT_ID)]
    assert [one for one in fleet.cloud.requests("PUT") if "roleAssignments" in one["path"]]
    assert fleet.plan().code == 0


def test_senders_that_are_left_out_stay_and_an_empty_list_removes_them(fleet: Fleet) -> None:
    set_senders(lab(), [Sender(seed.CLIENT_OBJECT_ID)], who="ada")
    fleet.change(seed.LAB, policy="manage")
    fleet.apply()
    assert desired_senders(lab()) == [Sender(seed.CLIENT_OBJECT_ID)]
    fleet.change(seed.LAB, senders=[])
    assert f"senders[{seed.CLIENT_OBJECT_ID}]" in fleet.plan().out
    assert fleet.apply().code == 0
    assert desired_senders(lab()) == []
    assert not fleet.cloud.requests("DELETE")


@pytest.mark.parametrize(
    ("senders", "message"),
    [
        ([{"principalId": "me"}], "senders: 'me' is not an object ID"),
        ([OWN | {"principalType": "Robot"}], "Write one of ServicePrincipal, User, Group."),
        ([OWN, OWN | {"principalType": "User"}], "A principal has only one type."),
    ],
)
def test_invalid_senders_are_reported(
    fleet: Fleet, senders: list[dict[str, str]], message: str
) -> None:
    fleet.change(seed.LAB, senders=senders)
    outcome = fleet.plan()
    assert outcome.code == 1
    assert message in outcome.error
