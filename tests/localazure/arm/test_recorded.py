"""Instances in each api-version, as in Microsoft's recordings."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.arm.signalr.shape import PUBLISHED
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, LAB_ID, Arm

NEW_ID = LAB_ID.replace(seed.LAB, "contoso-new")
GROUP_ID = LAB_ID.partition("/providers/")[0]
REQUEST_TYPES = ["ServerConnection", "ClientConnection", "RESTAPI", "Trace"]
OLDEST = "2018-10-01"
NEWEST = "2025-01-01-preview"


@pytest.fixture(autouse=True)
def _at_once(local_azure: LocalAzure) -> None:
    """Operations end at the first poll."""
    local_azure.post("/_local/operations", {"polls": 0})


def create(arm: Arm, version: str = "2023-06-01-preview", **body: Any) -> Any:
    """Create an instance and return the answer."""
    return arm.call("PUT", NEW_ID, {"location": "eastus"} | body, version=version)


def properties(arm: Arm, arm_id: str, version: str) -> Any:
    """Return the properties of an instance in a version."""
    return arm.document(arm_id, version)["properties"]


@pytest.mark.parametrize("version", PUBLISHED)
def test_serves_every_published_version(arm: Arm, version: str) -> None:
    document = arm.document(CHAT_ID, version)
    assert document["properties"]["hostName"] == f"{seed.CHAT}.service.signalr.net"
    assert ("systemData" in document) is (version >= "2021-04-01-preview")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("upstream", "2020-05-01"),
        ("networkACLs", "2020-05-01"),
        ("tls", "2020-07-01-preview"),
        ("sharedPrivateLinkResources", "2021-04-01-preview"),
        ("disableLocalAuth", "2021-06-01-preview"),
        ("resourceLogConfiguration", "2021-09-01-preview"),
        ("liveTraceConfiguration", "2022-02-01"),
        ("serverless", "2022-08-01-preview"),
        ("regionEndpointEnabled", "2023-08-01-preview"),
        ("resourceStopped", "2023-08-01-preview"),
    ],
)
def test_version_shows_only_its_own_properties(arm: Arm, name: str, first: str) -> None:
    shows = {version: name in properties(arm, LAB_ID, version) for version in PUBLISHED}
    assert shows == {version: version >= first for version in PUBLISHED}


def test_list_shows_what_its_version_has(arm: Arm) -> None:
    path = LAB_ID.rpartition("/")[0]
    for one in arm.document(path, "2020-05-01")["value"]:
        assert "systemData" not in one
        assert "tls" not in one["properties"]


def test_refuses_unpublished_version_with_the_published_ones(arm: Arm) -> None:
    error = arm.call("GET", CHAT_ID, version="2023-01-01").json()["error"]
    assert error["code"] == "NoRegisteredProviderFound"
    assert all(version in error["message"] for version in PUBLISHED)


def test_create_fills_in_defaults(arm: Arm) -> None:
    answer = create(arm, sku={"name": "Premium_P1", "capacity": 2}, properties={"cors": {}})
    assert answer.status_code == 201
    document = answer.json()
    assert document["sku"] == {"name": "Premium_P1", "tier": "Premium", "size": "P1", "capacity": 2}
    assert document["tags"] is None
    filled = document["properties"]
    assert (filled["provisioningState"], filled["externalIP"]) == ("Creating", None)
    assert filled["version"] == "1.0-preview"
    assert filled["cors"] == {"allowedOrigins": ["*"]}
    assert filled["upstream"] == {"templates": None}
    assert filled["networkACLs"] == {
        "defaultAction": "Deny",
        "publicNetwork": {"allow": REQUEST_TYPES, "deny": None},
        "privateEndpoints": [],
    }
    assert {one["flag"]: one["value"] for one in filled["features"]} == {
        "ServiceMode": "Default",
        "EnableConnectivityLogs": "False",
        "EnableMessagingLogs": "False",
        "EnableLiveTrace": "False",
    }


def test_created_instance_has_an_address(arm: Arm) -> None:
    status = create(arm).headers["Azure-AsyncOperation"]
    assert arm.document(status)["status"] == "Succeeded"
    made = properties(arm, NEW_ID, NEWEST)
    assert (made["provisioningState"], made["version"]) == ("Succeeded", "1.0")
    assert made["externalIP"]


def test_instance_of_oldest_clients_has_no_live_traces(arm: Arm) -> None:
    acls = {"defaultAction": "Deny"}
    made = create(arm, "2020-05-01", properties={"networkACLs": acls}).json()["properties"]
    assert len(made["features"]) == 3
    assert made["networkACLs"]["publicNetwork"]["allow"] == REQUEST_TYPES[:3]


def test_feature_values_come_back_in_title_case(arm: Arm) -> None:
    flags = [{"flag": "EnableMessagingLogs", "value": "true"}]
    shown = create(arm, properties={"features": flags}).json()["properties"]["features"]
    values = {one["flag"]: (one["value"], one["properties"]) for one in shown}
    assert values["EnableMessagingLogs"] == ("True", {})


def test_network_acls_fill_in_deny_and_drop_unknown_endpoints(arm: Arm) -> None:
    acls = {
        "defaultAction": "Deny",
        "publicNetwork": {"allow": ["ClientConnection"]},
        "privateEndpoints": [{"name": "unknown", "allow": ["ServerConnection"]}],
    }
    shown = create(arm, properties={"networkACLs": acls}).json()["properties"]["networkACLs"]
    assert shown["publicNetwork"] == {"allow": ["ClientConnection"], "deny": None}
    assert shown["privateEndpoints"] == []


def test_ip_rules_are_shown_where_the_version_has_them(arm: Arm) -> None:
    assert properties(arm, LAB_ID, "2024-03-01")["networkACLs"]["ipRules"] == []
    assert "ipRules" not in properties(arm, LAB_ID, "2023-06-01-preview")["networkACLs"]


def test_put_on_existing_instance_is_accepted_without_body(arm: Arm) -> None:
    answer = arm.call("PUT", LAB_ID, {"location": seed.LOCATION, "tags": {"a": "b"}})
    assert (answer.status_code, answer.content) == (202, b"")
    assert arm.document(LAB_ID)["tags"] == {"a": "b"}


def test_patch_accepts_empty_location(arm: Arm) -> None:
    assert arm.call("PATCH", LAB_ID, {"location": ""}).status_code == 202
    assert arm.document(LAB_ID)["location"] == seed.LOCATION


@pytest.mark.parametrize(("version", "status"), [("2020-05-01", 201), ("2023-06-01-preview", 202)])
def test_regenerated_keys_are_in_the_answer(arm: Arm, version: str, status: int) -> None:
    before = arm.call("POST", f"{CHAT_ID}/listKeys").json()
    answer = arm.call("POST", f"{CHAT_ID}/regenerateKey", {"keyType": "Secondary"}, version)
    assert answer.status_code == status
    keys = answer.json()
    assert keys["primaryKey"] == before["primaryKey"]
    assert keys["secondaryKey"] != before["secondaryKey"]
    assert keys["secondaryKey"] in keys["secondaryConnectionString"]
    assert arm.call("POST", f"{CHAT_ID}/listKeys").json() == keys


@pytest.mark.parametrize(
    ("version", "path", "is_signed"),
    [
        ("2020-05-01", "/Microsoft.SignalRService/locations/westeurope/operationStatuses/", False),
        ("2021-10-01", f"/SignalR/{seed.LAB}/operationStatuses/", False),
        ("2023-08-01-preview", f"/SignalR/{seed.LAB}/operationStatuses/", True),
    ],
)
def test_operation_urls_have_the_form_of_their_version(
    arm: Arm, version: str, path: str, is_signed: bool
) -> None:
    headers = arm.call("PATCH", LAB_ID, {}, version).headers
    status, result = headers["Azure-AsyncOperation"], headers["Location"]
    assert path in status
    assert ("&t=" in status, "&c=" in result) == (is_signed, is_signed)
    assert (len(status) > 3000) is is_signed
    assert arm.document(status)["id"] in status
    assert arm.document(result)["name"] == seed.LAB


def test_user_assigned_identity_shows_principal_and_client(arm: Arm) -> None:
    identity = seed.identity_id(seed.PAYMENTS_GROUP, seed.SHARED_IDENTITY)
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}}
    arm.call("PATCH", LAB_ID, body)
    assert arm.document(LAB_ID)["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": {
            identity: {"principalId": seed.SHARED_PRINCIPAL_ID, "clientId": seed.SHARED_CLIENT_ID}
        },
    }


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_listed_instances_name_no_service_software_but_kestrel(arm: Arm, version: str) -> None:
    assert arm.call("GET", CHAT_ID, version=version).headers["Server"] == "Kestrel"
