"""New instances and failed creations, shared by tests."""

from __future__ import annotations

from typing import Any

from arm.instance_state import ExistenceState
from identities.models import SignalRInstance
from localazure import seed
from tests.cloud import LocalAzure
from tests.sync.commands import Outcome, run
from tests.sync.worker import SIGNED, drive, set_desired, start

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


def failed_creation(cloud: LocalAzure) -> SignalRInstance:
    """Return an instance whose creation failed in Azure."""
    create()
    cloud.post("/_local/operations", {"polls": 1, "outcome": "Failed", "message": "Full."})
    assert drive(start(set_desired(stored(), "SystemAssigned", SIGNED))).state == "failed"
    cloud.post("/_local/operations", {"polls": 1})
    cloud.delete("/_local/requests")
    return stored()


def new_document() -> dict[str, Any]:
    """Return the document of an instance of the new name, created outside Signalman."""
    return {
        "id": f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/{seed.REALTIME_GROUP}"
        f"/providers/Microsoft.SignalRService/SignalR/{NEW}",
        "location": seed.LOCATION,
        "identity": {"type": "SystemAssigned"},
    }
