"""`serviceMode` in the documents of a fleet."""

from __future__ import annotations

import pytest

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.service_mode import set_service_mode
from tests.sync.declared import Fleet, lab
from tests.sync.worker import raw

pytestmark = pytest.mark.django_db


def mode_in_azure(name: str = seed.LAB) -> str:
    flags = {each["flag"]: each["value"] for each in raw(name)["properties"]["features"]}
    return str(flags["ServiceMode"])


def test_export_has_the_desired_mode(fleet: Fleet) -> None:
    assert fleet.read()[seed.LAB]["serviceMode"] == "Serverless"


def test_declared_mode_is_planned_and_applied(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", serviceMode="Default")
    planned = fleet.plan()
    assert planned.code == 2
    assert '~ service_mode = "Serverless" -> "Default"' in planned.out
    assert lab().desired_service_mode == "Serverless"
    assert fleet.apply().code == 0
    assert (lab().desired_service_mode, mode_in_azure()) == ("Default", "Default")
    assert fleet.plan().code == 0


def test_mode_that_is_left_out_stays_as_it_is(fleet: Fleet) -> None:
    documents = fleet.read()
    del documents[seed.LAB]["serviceMode"]
    fleet.write(documents)
    assert fleet.plan().code == 0
    set_service_mode(lab(), "", who="ada")
    assert fleet.plan().code == 0
    assert fleet.apply().code == 0
    assert lab().desired_service_mode == ""


def test_unknown_mode_is_reported_with_its_line(fleet: Fleet) -> None:
    fleet.change(seed.LAB, serviceMode="serverless")
    outcome = fleet.plan()
    assert outcome.code == 1
    assert "serviceMode: The value must be one of Serverless, Default, Classic." in outcome.error


def test_new_instance_is_serverless_unless_declared(fleet: Fleet) -> None:
    place = {"subscription": seed.SUBSCRIPTION_ID, "resourceGroup": seed.REALTIME_GROUP}
    new = {
        "kind": "SignalRInstance",
        **place,
        "location": "westeurope",
        "createIfMissing": True,
        "identity": {"type": "None"},
        "upstream": [],
    }
    fleet.add(name="contoso-one", **new)
    fleet.add(name="contoso-two", serviceMode="Default", **new)
    outcome = fleet.apply("contoso-one", "contoso-two")
    assert outcome.code == 0, outcome.error
    modes = {
        row.name: row.desired_service_mode
        for row in SignalRInstance.objects.filter(name__in=["contoso-one", "contoso-two"])
    }
    assert modes == {"contoso-one": "Serverless", "contoso-two": "Default"}
    assert mode_in_azure("contoso-two") == "Default"
    assert fleet.plan("contoso-one", "contoso-two").code == 0
