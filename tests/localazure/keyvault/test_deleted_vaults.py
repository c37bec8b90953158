from __future__ import annotations

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm

VERSION = "2023-07-01"
PROVIDER = f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/Microsoft.KeyVault"
VAULT_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.KeyVault/vaults", seed.VAULT)
DELETED = f"{PROVIDER}/locations/{seed.LOCATION}/deletedVaults/{seed.VAULT}"
NEW = {
    "location": seed.LOCATION,
    "properties": {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}},
}


def code(answer: object) -> str:
    found: str = answer.json()["error"]["code"]  # type: ignore[attr-defined]
    return found


def check_name(arm: Arm) -> bool:
    body = {"name": seed.VAULT, "type": "Microsoft.KeyVault/vaults"}
    answer = arm.call("POST", f"{PROVIDER}/checkNameAvailability", body, VERSION).json()
    free: bool = answer["nameAvailable"]
    return free


def test_deleted_vault_keeps_its_name(arm: Arm) -> None:
    assert arm.call("DELETE", VAULT_ID, version=VERSION).status_code == 200
    assert arm.call("DELETE", VAULT_ID, version=VERSION).status_code == 204
    deleted = arm.document(DELETED, VERSION)
    assert deleted["properties"]["vaultId"] == VAULT_ID
    assert arm.document(f"{PROVIDER}/deletedVaults", VERSION)["value"] == [deleted]
    assert check_name(arm) is False
    assert code(arm.call("PUT", VAULT_ID, NEW, VERSION)) == "ConflictError"


def test_recovers_vault_with_secrets(arm: Arm) -> None:
    before = arm.document(f"{VAULT_ID}/secrets", VERSION)
    arm.call("DELETE", VAULT_ID, version=VERSION)
    properties = NEW["properties"] | {"createMode": "recover"}  # type: ignore[operator]
    recovered = arm.call("PUT", VAULT_ID, NEW | {"properties": properties}, VERSION)
    assert recovered.status_code == 200
    assert "createMode" not in recovered.json()["properties"]
    assert arm.document(f"{VAULT_ID}/secrets", VERSION) == before
    assert arm.call("GET", DELETED, version=VERSION).status_code == 404


def test_purges_vault(arm: Arm) -> None:
    arm.call("DELETE", VAULT_ID, version=VERSION)
    purged = arm.call("POST", f"{DELETED}/purge", version=VERSION)
    assert purged.status_code == 202
    assert arm.call("GET", purged.headers["Location"]).status_code == 200
    assert check_name(arm) is True
    created = arm.call("PUT", VAULT_ID, NEW, VERSION).json()["properties"]
    assert created["provisioningState"] == "RegisteringDns"
    assert arm.document(VAULT_ID, VERSION)["properties"]["provisioningState"] == "Succeeded"


def test_lists_vaults_page_by_page(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/paging", {"size": 1})
    page = arm.document(f"{PROVIDER}/vaults", VERSION)
    names = []
    while True:
        names += [one["name"] for one in page["value"]]
        if "nextLink" not in page:
            break
        page = arm.document(page["nextLink"])
    assert names == sorted([seed.VAULT, seed.RBAC_VAULT])


def test_approves_private_endpoint_connection(arm: Arm, local_azure: LocalAzure) -> None:
    connection = {
        "id": f"{VAULT_ID}/privateEndpointConnections/one",
        "properties": {
            "privateEndpoint": {"id": "/subscriptions/x/resourceGroups/y/endpoint"},
            "privateLinkServiceConnectionState": {"status": "Pending"},
            "provisioningState": "Succeeded",
        },
    }
    local_azure.seed(
        vaults=[{"id": VAULT_ID, "properties": {"privateEndpointConnections": [connection]}}]
    )
    body = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    arm.call("PUT", connection["id"], body, VERSION).raise_for_status()  # type: ignore[arg-type]
    (shown,) = arm.document(VAULT_ID, VERSION)["properties"]["privateEndpointConnections"]
    assert shown["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert arm.call("DELETE", connection["id"], version=VERSION).status_code == 200  # type: ignore[arg-type]
    assert arm.call("DELETE", connection["id"], version=VERSION).status_code == 204  # type: ignore[arg-type]
