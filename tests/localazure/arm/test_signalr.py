from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.signalr.models import (
    ManagedIdentity,
    NameAvailabilityParameters,
    ResourceSku,
    SignalRResource,
)

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import LAB_ID, Arm
from tests.localazure.sdk import Client, code_of, user_assigned

ORDERS_ID = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
SHARED_ID = seed.identity_id(seed.PAYMENTS_GROUP, seed.SHARED_IDENTITY)


def patch(client: Client, name: str, group: str, body: dict[str, Any]) -> Any:
    poller = client.signal_r.begin_update(group, name, json.dumps(body).encode())
    return poller.result()


def start_patch(client: Client, body: dict[str, Any]) -> None:
    """Write to the lab instance, and leave its operation unpolled."""
    raw = json.dumps(body).encode()
    client.signal_r.begin_update(seed.PAYMENTS_GROUP, seed.LAB, raw, polling=False).result()


def enable_system(client: Client, name: str = seed.LAB) -> Any:
    body = {"identity": {"type": "SystemAssigned"}}
    return patch(client, name, seed.PAYMENTS_GROUP, body)


def test_lists_instances_of_the_subscription(signalr: Client) -> None:
    names = {instance.name for instance in signalr.signal_r.list_by_subscription()}
    assert names == {seed.CHAT, seed.ORDERS, seed.PAYMENTS, seed.LAB}


def test_lists_instances_of_a_group_in_any_case(signalr: Client) -> None:
    names = {one.name for one in signalr.signal_r.list_by_resource_group("RG-REALTIME")}
    assert names == {seed.CHAT, seed.ORDERS}


def test_sdk_follows_pages(signalr: Client, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/paging", {"size": 1})
    assert len(list(signalr.signal_r.list_by_subscription())) == 4
    assert len(local_azure.requests("GET")) == 5  # one of them is the token's discovery


def test_missing_instance_is_not_found(signalr: Client) -> None:
    with pytest.raises(ResourceNotFoundError) as refusal:
        signalr.signal_r.get(seed.REALTIME_GROUP, "missing")
    assert code_of(refusal) == "ResourceNotFound"


@pytest.mark.usefixtures("quick")
def test_system_assigned_identity_gets_principal(
    signalr: Client,
) -> None:
    identity = enable_system(signalr).identity
    assert identity.type == "SystemAssigned"
    assert identity.tenant_id == seed.TENANT_ID
    assert identity.principal_id


@pytest.mark.usefixtures("quick")
def test_removed_identity_is_absent(signalr: Client) -> None:
    patch(signalr, seed.CHAT, seed.REALTIME_GROUP, {"identity": {"type": "None"}})
    assert signalr.signal_r.get(seed.REALTIME_GROUP, seed.CHAT).identity is None


@pytest.mark.usefixtures("quick")
def test_new_system_assigned_identity_has_another_principal(
    signalr: Client,
) -> None:
    first = enable_system(signalr).identity.principal_id
    patch(signalr, seed.LAB, seed.PAYMENTS_GROUP, {"identity": {"type": "None"}})
    assert enable_system(signalr).identity.principal_id != first


@pytest.mark.parametrize(
    "identity",
    [
        {"type": "SystemAssigned,UserAssigned"},
        {"type": "UserAssigned"},
        user_assigned("/subscriptions/x/missing"),
        user_assigned(ORDERS_ID, SHARED_ID),
        user_assigned(ORDERS_ID) | {"type": "SystemAssigned"},
    ],
)
def test_refuses_more_or_less_than_one_identity(signalr: Client, identity: dict[str, Any]) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        patch(signalr, seed.LAB, seed.PAYMENTS_GROUP, {"identity": identity})
    assert refusal.value.status_code == 400
    assert code_of(refusal) == "InvalidManagedIdentity"


@pytest.mark.usefixtures("quick")
def test_user_assigned_identity_has_its_principal(
    signalr: Client,
) -> None:
    body = {"identity": user_assigned(SHARED_ID)}
    identity = patch(signalr, seed.LAB, seed.PAYMENTS_GROUP, body).identity
    assert identity.user_assigned_identities[SHARED_ID].principal_id == seed.SHARED_PRINCIPAL_ID
    assert identity.principal_id is None


@pytest.mark.usefixtures("quick")
def test_unset_patterns_are_stars_and_unset_auth_is_null(
    signalr: Client,
) -> None:
    body = {"properties": {"upstream": {"templates": [{"urlTemplate": "http://localhost/x"}]}}}
    (template,) = patch(signalr, seed.LAB, seed.PAYMENTS_GROUP, body).upstream.templates
    assert (template.hub_pattern, template.event_pattern, template.category_pattern) == ("*",) * 3
    assert template.auth is None


@pytest.mark.usefixtures("quick")
def test_cleared_templates_are_empty_and_unset_ones_null(
    signalr: Client,
) -> None:
    assert signalr.signal_r.get(seed.PAYMENTS_GROUP, seed.LAB).upstream.templates is None
    body: dict[str, Any] = {"properties": {"upstream": {"templates": []}}}
    assert patch(signalr, seed.LAB, seed.PAYMENTS_GROUP, body).upstream.templates == []


def test_change_is_visible_while_instance_is_updating(
    signalr: Client, local_azure: LocalAzure
) -> None:
    local_azure.post("/_local/operations", {"polls": 1})
    start_patch(signalr, {"tags": {"a": "b"}})
    meanwhile = signalr.signal_r.get(seed.PAYMENTS_GROUP, seed.LAB)
    assert (meanwhile.tags, meanwhile.provisioning_state) == ({"a": "b"}, "Updating")


def test_write_succeeds_after_unpolled_patch(signalr: Client, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1000})
    start_patch(signalr, {"tags": {"a": "b"}})
    start_patch(signalr, {"properties": {"disableLocalAuth": True}})
    after = signalr.signal_r.get(seed.PAYMENTS_GROUP, seed.LAB)
    assert (after.tags, after.disable_local_auth) == ({"a": "b"}, True)


def test_refuses_write_while_operation_is_polled(
    signalr: Client, arm: Arm, local_azure: LocalAzure
) -> None:
    local_azure.post("/_local/operations", {"polls": 1000})
    status = arm.call("PATCH", LAB_ID, {"tags": {"a": "b"}}).headers["Azure-AsyncOperation"]
    assert arm.document(status)["status"] == "Running"
    with pytest.raises(ResourceExistsError) as refusal:
        patch(signalr, seed.LAB, seed.PAYMENTS_GROUP, {"tags": {"c": "d"}})
    assert code_of(refusal) == "AnotherOperationInProgress"


@pytest.mark.usefixtures("quick")
def test_write_updates_last_modified_time(signalr: Client) -> None:
    before = signalr.signal_r.get(seed.PAYMENTS_GROUP, seed.LAB).system_data.last_modified_at
    assert enable_system(signalr).system_data.last_modified_at > before


def test_operation_can_fail(signalr: Client, local_azure: LocalAzure) -> None:
    local_azure.post(
        "/_local/operations",
        {"polls": 0, "retryAfter": 0.01, "outcome": "Failed", "code": "Boom", "message": "No."},
    )
    with pytest.raises(HttpResponseError) as failure:
        enable_system(signalr)
    assert (failure.value.status_code, code_of(failure)) == (200, "Boom")
    after = signalr.signal_r.get(seed.PAYMENTS_GROUP, seed.LAB)
    assert (after.identity, after.provisioning_state) == (None, "Failed")


@pytest.mark.usefixtures("quick")
def test_creates_and_deletes_instance(signalr: Client) -> None:
    desired = SignalRResource(location="westeurope", sku=ResourceSku(name="Standard_S1"))
    made = signalr.signal_r.begin_create_or_update("rg-realtime", "contoso-new", desired).result()
    assert (made.provisioning_state, made.host_name) == (
        "Succeeded",
        "contoso-new.service.signalr.net",
    )
    signalr.signal_r.begin_delete("rg-realtime", "contoso-new").result()
    with pytest.raises(ResourceNotFoundError):
        signalr.signal_r.get("rg-realtime", "contoso-new")


def test_name_is_unique_in_azure(signalr: Client) -> None:
    for name, free in ((seed.CHAT.upper(), False), ("contoso-free", True), ("1", False)):
        asked = NameAvailabilityParameters(type="Microsoft.SignalRService/SignalR", name=name)
        answer = signalr.signal_r.check_name_availability("westeurope", asked)
        assert answer.name_available is free


@pytest.mark.usefixtures("quick")
def test_sdk_defaults_undo_hardening(signalr: Client) -> None:
    careless = SignalRResource(identity=ManagedIdentity(type="SystemAssigned"))
    after = signalr.signal_r.begin_update(seed.PAYMENTS_GROUP, seed.PAYMENTS, careless).result()
    assert after.disable_local_auth is False
    assert after.public_network_access == "Enabled"


def test_refuses_keys_without_local_authentication(signalr: Client) -> None:
    keys = signalr.signal_r.list_keys(seed.REALTIME_GROUP, seed.CHAT)
    assert keys.primary_key
    assert keys.primary_key in keys.primary_connection_string
    with pytest.raises(ResourceExistsError):
        signalr.signal_r.list_keys(seed.PAYMENTS_GROUP, seed.PAYMENTS)


@pytest.mark.usefixtures("quick")
def test_regenerates_key(signalr: Client) -> None:
    before = signalr.signal_r.list_keys(seed.REALTIME_GROUP, seed.CHAT)
    signalr.signal_r.begin_regenerate_key(
        seed.REALTIME_GROUP, seed.CHAT, {"keyType": "Secondary"}
    ).result()
    after = signalr.signal_r.list_keys(seed.REALTIME_GROUP, seed.CHAT)
    assert after.primary_key == before.primary_key
    assert after.secondary_key != before.secondary_key
