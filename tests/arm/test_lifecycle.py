from __future__ import annotations

import pytest

from arm.client import ArmClient
from arm.errors import GroupNotFound, NotFound, OperationFailed
from arm.instance_state import ExistenceState
from localazure import seed
from tests.cloud import LocalAzure

NEW = "contoso-new"
SMALL = ExistenceState(seed.LOCATION, "Standard_S1", "Default")


def finish(client: ArmClient, continuation: str) -> None:
    """Poll until the operation has ended."""
    for _ in range(20):
        if client.poll(continuation).done:
            return
    raise AssertionError("The operation does not end.")


def test_a_free_name_and_a_taken_one(client: ArmClient) -> None:
    assert client.check_name(NEW, location=seed.LOCATION) is None
    taken = client.check_name(seed.CHAT, location=seed.LOCATION)
    assert taken is not None
    assert "already taken" in taken


def test_an_instance_is_made_as_it_was_said_and_not_otherwise(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    creation = ExistenceState(seed.LOCATION, "Premium_P1", "Serverless")
    started = client.create_instance(seed.REALTIME_GROUP, NEW, creation, correlation_id="c-1")
    finish(client, started.continuation)
    (request,) = local_azure.requests("PUT")
    assert request["body"] == {
        "location": seed.LOCATION,
        "sku": {"name": "Premium_P1", "capacity": 1},
        "properties": {"features": [{"flag": "ServiceMode", "value": "Serverless"}]},
    }
    made = client.get_instance(seed.REALTIME_GROUP, NEW)
    assert (made.sku, made.service_mode, made.location) == (
        "Premium_P1",
        "Serverless",
        seed.LOCATION,
    )
    assert made.state.identity.type == "None"


def test_a_group_that_is_not_there_is_said_so(client: ArmClient) -> None:
    with pytest.raises(GroupNotFound, match=r"resource group does not exist.*rg-nowhere"):
        client.create_instance("rg-nowhere", NEW, SMALL)


def test_a_failed_creation_is_an_error(client: ArmClient, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "outcome": "Failed", "message": "Full."})
    started = client.create_instance(seed.REALTIME_GROUP, NEW, SMALL)
    with pytest.raises(OperationFailed, match="Full"):
        finish(client, started.continuation)


def test_a_deleted_instance_is_gone(client: ArmClient) -> None:
    assert client.delete_instance(seed.PAYMENTS_GROUP, seed.LAB).done
    with pytest.raises(NotFound):
        client.get_instance(seed.PAYMENTS_GROUP, seed.LAB)


def test_what_is_not_there_is_as_good_as_deleted(client: ArmClient) -> None:
    assert client.delete_instance(seed.PAYMENTS_GROUP, NEW).done


def test_an_identity_is_made_at_once_and_only_once(client: ArmClient) -> None:
    made = client.create_user_assigned_identity(
        seed.REALTIME_GROUP, "id-new", location=seed.LOCATION
    )
    assert made.principal_id is not None
    again = client.create_user_assigned_identity(
        seed.REALTIME_GROUP, "id-new", location=seed.LOCATION
    )
    assert again.principal_id == made.principal_id
    assert client.get_user_assigned_identity(made.arm_id) == made
