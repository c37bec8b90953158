from __future__ import annotations

import json
from uuid import UUID

import pytest

from arm.client import ArmClient, list_subscriptions
from arm.errors import NotFound, OperationFailed
from arm.instance_state import IdentityState, TemplateState
from arm.request_bodies import identity_patch, templates_patch
from arm.settings import ArmSettings
from localazure import seed
from tests.cloud import LocalAzure

SYSTEM_ASSIGNED = identity_patch(IdentityState("SystemAssigned"))


def _finish(client: ArmClient, continuation: str) -> None:
    for _ in range(20):
        if client.poll(continuation).done:
            return
    raise AssertionError("The operation does not end.")


def _patch(client: ArmClient, patch: dict[str, object]) -> None:
    _finish(client, client.patch_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS, patch).continuation)


def test_a_subscription_is_listed_with_its_instances(client: ArmClient) -> None:
    names = {resource.name for resource in client.list_instances()}
    assert names == {seed.CHAT, seed.ORDERS, seed.PAYMENTS, seed.LAB}


def test_a_resource_group_is_listed_alone(client: ArmClient) -> None:
    names = {resource.name for resource in client.list_instances(seed.REALTIME_GROUP)}
    assert names == {seed.CHAT, seed.ORDERS}


def test_every_page_of_a_list_is_read(client: ArmClient, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/paging", {"size": 1})
    assert len(list(client.list_instances())) == 4
    assert len(list(client.list_user_assigned_identities())) == 2
    pages = [each for each in local_azure.requests("GET") if "signalR" in each["path"]]
    assert len(pages) == 4


def test_an_instance_keeps_what_the_sdk_does_not_know(client: ArmClient) -> None:
    resource = client.get_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS)
    assert resource.raw["properties"]["propertyOfTomorrow"] == {"kept": True, "order": ["z", "a"]}


def test_reads_user_assigned_identity_of_an_instance(client: ArmClient) -> None:
    resource = client.get_instance(seed.REALTIME_GROUP, seed.ORDERS)
    assert resource.principal_id == UUID(seed.ORDERS_PRINCIPAL_ID)


def test_a_user_assigned_identity_is_read(client: ArmClient) -> None:
    arm_id = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    identity = client.get_user_assigned_identity(arm_id)
    assert (identity.name, identity.client_id) == (
        seed.ORDERS_IDENTITY,
        UUID(seed.ORDERS_CLIENT_ID),
    )
    assert identity.tenant_id == UUID(seed.TENANT_ID)


def test_the_subscription_names_its_tenant(client: ArmClient) -> None:
    assert client.get_subscription().tenant_id == UUID(seed.TENANT_ID)


def test_the_subscriptions_of_the_credential_are_listed(arm_settings: ArmSettings) -> None:
    listed = [each.subscription_id for each in list_subscriptions(arm_settings)]
    assert listed == [UUID(seed.SUBSCRIPTION_ID)]


def test_an_absent_instance_is_not_found(client: ArmClient) -> None:
    with pytest.raises(NotFound, match="contoso-absent") as caught:
        client.get_instance(seed.PAYMENTS_GROUP, "contoso-absent")
    assert caught.value.code == "ResourceNotFound"


def test_a_patch_says_on_the_wire_what_it_is_to_change_and_no_more(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    client.patch_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS, SYSTEM_ASSIGNED)
    (sent,) = local_azure.requests("PATCH")
    assert sent["body"] == {"identity": {"type": "SystemAssigned"}}


def test_a_hardened_instance_stays_hardened(client: ArmClient) -> None:
    before = client.get_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS).raw
    _patch(client, SYSTEM_ASSIGNED)
    template = TemplateState("https://example.com", auth_type="ManagedIdentity", resource="api://a")
    _patch(client, templates_patch((template,)))
    after = client.get_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS).raw
    assert _unmanaged(after) == _unmanaged(before)
    assert after["properties"]["disableLocalAuth"] is True


def _unmanaged(resource: object) -> str:
    document = json.loads(json.dumps(resource))
    document.pop("identity", None)
    document.pop("systemData")
    document["properties"].pop("upstream")
    return json.dumps(document)


def test_an_operation_is_followed_to_its_end_by_single_polls(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    local_azure.post("/_local/operations", {"polls": 2, "retryAfter": 0.5})
    write = client.patch_instance(seed.PAYMENTS_GROUP, seed.LAB, SYSTEM_ASSIGNED)
    assert (write.done, write.retry_after) == (False, 0.5)
    local_azure.delete("/_local/requests")
    polls = [client.poll(write.continuation) for _ in range(3)]
    assert [poll.done for poll in polls] == [False, False, True]
    assert polls[0].retry_after == 0.5
    assert len(local_azure.requests()) == 3
    assert client.get_instance(seed.PAYMENTS_GROUP, seed.LAB).principal_id is not None


def test_an_operation_that_ends_failed_says_why(client: ArmClient, local_azure: LocalAzure) -> None:
    failure = {"polls": 0, "outcome": "Failed", "code": "Broken", "message": "It broke."}
    local_azure.post("/_local/operations", failure)
    write = client.patch_instance(seed.PAYMENTS_GROUP, seed.LAB, SYSTEM_ASSIGNED)
    with pytest.raises(OperationFailed, match="It broke") as caught:
        client.poll(write.continuation)
    assert (caught.value.code, caught.value.status) == ("Broken", 200)


def test_a_write_carries_its_correlation_id(client: ArmClient, local_azure: LocalAzure) -> None:
    client.patch_instance(
        seed.PAYMENTS_GROUP, seed.LAB, SYSTEM_ASSIGNED, correlation_id="operation-7"
    )
    (sent,) = local_azure.requests("PATCH")
    assert sent["headers"]["x-ms-client-request-id"] == "operation-7"


def test_keys_are_never_asked_for(client: ArmClient, local_azure: LocalAzure) -> None:
    list(client.list_instances())
    _patch(client, SYSTEM_ASSIGNED)
    assert not [each for each in local_azure.requests("POST") if "listkeys" in each["path"].lower()]
