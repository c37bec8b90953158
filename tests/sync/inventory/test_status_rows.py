"""Stored statuses of instances: always equal to those of a comparison."""

from __future__ import annotations

from uuid import UUID

import pytest

from arm.errors import NotFound
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed
from sync.desired.history import Author, changing_desired
from sync.desired.sync_status import sync_status
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh
from sync.models import InstanceStatus, SyncStatus
from sync.operations.periodic_jobs import refresh_and_count
from tests.cloud import LocalAzure

ID = UUID(seed.SUBSCRIPTION_ID)


def stored() -> dict[str, str]:
    """Return the stored status of each instance."""
    return dict(InstanceStatus.objects.values_list("instance__name", "status"))


def test_import_stores_the_status_of_each_instance(db: None, local_azure: LocalAzure) -> None:
    import_subscription(ID)
    assert stored() == {
        row.name: sync_status(row) for row in SignalRInstance.objects.with_desired()
    }
    assert set(stored().values()) == {SyncStatus.SYNCED}


def test_changing_the_desired_state_changes_the_status_at_once(
    db: None, local_azure: LocalAzure
) -> None:
    import_subscription(ID)
    instance = SignalRInstance.objects.get(name=seed.LAB)
    with changing_desired(instance, Author("ada", "test")):
        instance.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
    assert stored().pop(seed.LAB) == SyncStatus.OUT_OF_SYNC


def test_time_is_that_of_the_change(db: None, local_azure: LocalAzure) -> None:
    import_subscription(ID)
    before = dict(InstanceStatus.objects.values_list("pk", "since"))
    refresh_and_count(ID)
    assert dict(InstanceStatus.objects.values_list("pk", "since")) == before


def test_deleted_instance_is_missing(db: None, local_azure: LocalAzure) -> None:
    import_subscription(ID)
    instance = SignalRInstance.objects.get(name=seed.LAB)
    local_azure.post(
        "/_local/faults",
        [
            {
                "method": "GET",
                "path": f"/signalR/{seed.LAB}$",
                "times": None,
                "status": 404,
                "body": {"error": {"code": "ResourceNotFound", "message": "Gone."}},
            }
        ],
    )
    with pytest.raises(NotFound):
        refresh(instance)
    assert stored()[seed.LAB] == SyncStatus.MISSING
