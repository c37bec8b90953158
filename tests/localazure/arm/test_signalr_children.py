"""Child resources of an instance, and the operations of the provider."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, LAB_ID, Arm

PREMIUM_ID = LAB_ID.replace(seed.LAB, seed.PAYMENTS)
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{seed.PAYMENTS_GROUP}"
LOCATIONS = f"{SUBSCRIPTION}/providers/Microsoft.SignalRService/locations/westeurope"
ENDPOINT_ID = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/endpoint"
VERSION = "2024-03-01"
CHILDREN: dict[str, dict[str, Any]] = {
    "customCertificates": {
        "keyVaultBaseUri": "https://contoso-vault.vault.azure.net",
        "keyVaultSecretName": "certificate",
    },
    "customDomains": {
        "domainName": "chat.contoso.example",
        "customCertificate": {"id": f"{PREMIUM_ID}/customCertificates/one"},
    },
    "sharedPrivateLinkResources": {
        "groupId": "sites",
        "privateLinkResourceId": f"{GROUP}/providers/Microsoft.Web/sites/one",
    },
}


@pytest.fixture(autouse=True)
def _at_once(local_azure: LocalAzure) -> None:
    """Operations end at the first poll."""
    local_azure.post("/_local/operations", {"polls": 0})


def ended(arm: Arm, answer: Any) -> Any:
    """Poll the operation that an answer started, and return its status."""
    return arm.document(answer.headers["Azure-AsyncOperation"])["status"]


@pytest.mark.parametrize("kind", CHILDREN)
def test_child_is_created_read_listed_and_deleted(arm: Arm, kind: str) -> None:
    one = f"{PREMIUM_ID}/{kind}/one"
    created = arm.call("PUT", one, {"properties": CHILDREN[kind]}, VERSION)
    assert created.status_code == 201
    assert created.json()["properties"]["provisioningState"] == "Creating"
    assert ended(arm, created) == "Succeeded"
    shown = arm.document(one, VERSION)
    assert shown["properties"].items() >= CHILDREN[kind].items()
    assert shown["properties"]["provisioningState"] == "Succeeded"
    (listed,) = arm.document(f"{PREMIUM_ID}/{kind}", VERSION)["value"]
    assert listed["id"] == shown["id"]
    assert arm.call("DELETE", one, version=VERSION).status_code in (202, 204)
    assert arm.call("GET", one, version=VERSION).status_code == 404


@pytest.mark.parametrize("kind", CHILDREN)
def test_refuses_child_without_required_property(arm: Arm, kind: str) -> None:
    answer = arm.call("PUT", f"{PREMIUM_ID}/{kind}/one", {"properties": {}}, VERSION)
    assert answer.status_code == 400
    assert next(iter(CHILDREN[kind])) in answer.text


def test_shared_private_link_is_shown_by_its_instance(arm: Arm) -> None:
    one = f"{PREMIUM_ID}/sharedPrivateLinkResources/one"
    arm.call("PUT", one, {"properties": CHILDREN["sharedPrivateLinkResources"]}, VERSION)
    (link,) = arm.document(PREMIUM_ID, VERSION)["properties"]["sharedPrivateLinkResources"]
    assert link["name"] == "one"


def test_replica_is_created_updated_restarted_and_deleted(arm: Arm) -> None:
    one = f"{PREMIUM_ID}/replicas/east"
    body = {"location": "eastus", "sku": {"name": "Premium_P1", "capacity": 1}}
    created = arm.call("PUT", one, body, VERSION)
    assert created.status_code == 201
    assert ended(arm, created) == "Succeeded"
    change = {"properties": {"regionEndpointEnabled": "Disabled"}}
    assert ended(arm, arm.call("PATCH", one, change, VERSION)) == "Succeeded"
    shown = arm.document(one, VERSION)["properties"]
    assert (shown["provisioningState"], shown["regionEndpointEnabled"]) == ("Succeeded", "Disabled")
    assert ended(arm, arm.call("POST", f"{one}/restart", version=VERSION)) == "Succeeded"
    skus = arm.document(f"{one}/skus", VERSION)["value"]
    assert {sku["sku"]["tier"] for sku in skus} == {"Premium"}
    assert arm.call("DELETE", one, version=VERSION).status_code == 204
    assert arm.document(f"{PREMIUM_ID}/replicas", VERSION) == {"value": []}


def test_refuses_replica_of_standard_instance(arm: Arm) -> None:
    answer = arm.call("PUT", f"{LAB_ID}/replicas/east", {"location": "eastus"}, VERSION)
    assert (answer.status_code, "Premium" in answer.text) == (400, True)


def test_version_before_replicas_does_not_have_them(arm: Arm) -> None:
    answer = arm.call("GET", f"{PREMIUM_ID}/replicas", version="2023-02-01")
    assert answer.json()["error"]["code"] == "NoRegisteredProviderFound"


def test_deleted_instance_takes_its_children_with_it(arm: Arm) -> None:
    one = f"{PREMIUM_ID}/customCertificates/one"
    arm.call("PUT", one, {"properties": CHILDREN["customCertificates"]}, VERSION)
    arm.call("DELETE", PREMIUM_ID)
    assert arm.call("GET", one, version=VERSION).status_code == 404


def connect(arm: Arm, kind: str = "manualPrivateLinkServiceConnections") -> Any:
    """Create a private endpoint for the lab instance, and return the instance's connection."""
    link = {"name": "link", "properties": {"privateLinkServiceId": LAB_ID, "groupIds": ["signalr"]}}
    body = {"location": "westeurope", "properties": {kind: [link]}}
    assert arm.call("PUT", ENDPOINT_ID, body, "2022-01-01").status_code == 201
    (connection,) = arm.document(f"{LAB_ID}/privateEndpointConnections", VERSION)["value"]
    return connection


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("manualPrivateLinkServiceConnections", "Pending"),
        ("privateLinkServiceConnections", "Approved"),
    ],
)
def test_private_endpoint_makes_a_connection_with_an_acl(arm: Arm, kind: str, status: str) -> None:
    connection = connect(arm, kind)
    state = connection["properties"]["privateLinkServiceConnectionState"]
    assert state == {"status": status, "description": None, "actionsRequired": "None"}
    instance = arm.document(LAB_ID, VERSION)["properties"]
    assert instance["privateEndpointConnections"] == [connection]
    assert [acl["name"] for acl in instance["networkACLs"]["privateEndpoints"]] == [
        connection["name"]
    ]


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
def test_connection_is_approved_or_rejected(arm: Arm, status: str) -> None:
    connection = connect(arm)
    connection["properties"]["privateLinkServiceConnectionState"]["status"] = status
    answer = arm.call("PUT", connection["id"], connection, "2020-05-01")
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (
        200,
        "Updating",
    )
    assert "Location" not in answer.headers
    assert ended(arm, answer) == "Succeeded"
    after = arm.document(connection["id"], VERSION)["properties"]
    assert after["provisioningState"] == "Succeeded"
    assert after["privateLinkServiceConnectionState"]["status"] == status


def test_connection_hides_group_ids_in_old_versions(arm: Arm) -> None:
    connection = connect(arm)
    assert connection["properties"]["groupIds"] == ["signalr"]
    assert "groupIds" not in arm.document(connection["id"], "2020-05-01")["properties"]
    instance = arm.document(LAB_ID, "2020-05-01")["properties"]
    assert "groupIds" not in instance["privateEndpointConnections"][0]["properties"]


def test_deleted_connection_leaves_at_once_with_its_acl(arm: Arm) -> None:
    connection = connect(arm)
    answer = arm.call("DELETE", connection["id"], version="2020-05-01")
    assert answer.status_code == 202
    instance = arm.document(LAB_ID, VERSION)["properties"]
    assert instance["privateEndpointConnections"] == []
    assert instance["networkACLs"]["privateEndpoints"] == []
    assert ended(arm, answer) == "Succeeded"


def test_private_link_resources_name_the_service(arm: Arm) -> None:
    (resource,) = arm.document(f"{LAB_ID}/privateLinkResources", VERSION)["value"]
    assert resource["properties"]["requiredZoneNames"] == ["privatelink.service.signalr.net"]


def test_lists_skus_usages_and_operations(arm: Arm) -> None:
    skus = {one["sku"]["name"] for one in arm.document(f"{LAB_ID}/skus", VERSION)["value"]}
    assert skus == {"Free_F1", "Standard_S1", "Premium_P1", "Premium_P2"}
    usages = arm.document(f"{LOCATIONS}/usages", VERSION)["value"]
    used = {one["name"]["value"]: one["currentValue"] for one in usages}
    assert used == {"FreeTierInstances": 0, "SignalRTotalUnits": 4}
    operations = arm.document("/providers/Microsoft.SignalRService/operations", VERSION)["value"]
    assert "Microsoft.SignalRService/SignalR/read" in {one["name"] for one in operations}


def test_lists_providers_locations_and_resources(arm: Arm) -> None:
    version = "2021-04-01"
    listed = arm.document(f"{SUBSCRIPTION}/providers", version)["value"]
    namespaces = {one["namespace"]: one for one in listed}
    assert set(namespaces) >= {"Microsoft.SignalRService", "Microsoft.KeyVault"}
    types = namespaces["Microsoft.SignalRService"]["resourceTypes"]
    (instances,) = [one for one in types if one["resourceType"] == "SignalR"]
    assert VERSION in instances["apiVersions"]
    one = arm.document(f"{SUBSCRIPTION}/providers/microsoft.signalrservice", version)
    assert one["registrationState"] == "Registered"
    names = {one["name"] for one in arm.document(f"{SUBSCRIPTION}/locations", version)["value"]}
    assert "westeurope" in names


@pytest.mark.parametrize(
    ("path", "condition", "names"),
    [
        (SUBSCRIPTION, "resourceType eq 'Microsoft.SignalRService/SignalR'", 4),
        (GROUP, "resourceType eq 'Microsoft.SignalRService/SignalR'", 2),
        (
            SUBSCRIPTION,
            "resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'contoso-vault'",
            1,
        ),
        (SUBSCRIPTION, "tagName eq 'environment' and tagValue eq 'production'", 1),
        (SUBSCRIPTION, "location eq 'eastus'", 0),
    ],
)
def test_resources_are_filtered(arm: Arm, path: str, condition: str, names: int) -> None:
    answer = arm.call("GET", f"{path}/resources?api-version=2021-04-01&$filter={condition}")
    assert len(answer.json()["value"]) == names


def test_resources_list_refuses_unknown_filter(arm: Arm) -> None:
    answer = arm.call("GET", f"{GROUP}/resources?api-version=2021-04-01&$filter=x gt 1")
    assert answer.status_code == 400


def test_register_answers_with_the_provider(arm: Arm) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.SignalRService/register"
    assert arm.call("POST", path, version="2021-04-01").json()["registrationState"] == "Registered"


def test_restart_changes_nothing(arm: Arm) -> None:
    before = arm.document(CHAT_ID)
    assert ended(arm, arm.call("POST", f"{CHAT_ID}/restart")) == "Succeeded"
    assert arm.document(CHAT_ID) == before
