from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm
from tests.localazure.service.upstream import Upstream, serving

VERSION = "2023-07-01"
TYPE = "Microsoft.KeyVault/vaults"
VAULT_ID = seed.resource_id(seed.REALTIME_GROUP, TYPE, seed.VAULT)
RBAC_VAULT_ID = seed.resource_id(seed.PAYMENTS_GROUP, TYPE, seed.RBAC_VAULT)
NEW_ID = seed.resource_id(seed.REALTIME_GROUP, TYPE, "contoso-new")
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
ASSIGNMENT = (
    "/providers/Microsoft.Authorization/roleAssignments/0a0a0a0a-0000-4000-8000-00000000000a"
)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as one:
        yield one


def policy(object_id: str, *permissions: str, tenant: str = seed.TENANT_ID) -> dict[str, Any]:
    return {
        "tenantId": tenant,
        "objectId": object_id,
        "permissions": {"secrets": list(permissions)},
    }


def change(arm: Arm, kind: str, *policies: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"properties": {"accessPolicies": list(policies)}}
    answer = arm.call("PUT", f"{VAULT_ID}/accessPolicies/{kind}", body, VERSION)
    answer.raise_for_status()
    changed: list[dict[str, Any]] = answer.json()["properties"]["accessPolicies"]
    return changed


def refer(cloud: LocalAzure, upstream: Upstream, vault: str, principal: str) -> Any:
    """Send an event through a template with a reference, as an instance with this identity."""
    uri = f"https://{vault}.vault.azure.net/secrets/upstream-code/"
    url = f"{upstream.url}/?code={{@Microsoft.KeyVault(SecretUri={uri})}}"
    properties = {
        "upstream": {
            "templates": [
                {"urlTemplate": url, "hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}
            ]
        }
    }
    identity = {"type": "SystemAssigned", "principalId": principal}
    one = {"name": "test-one", "resourceGroup": "rg-test", "identity": identity}
    cloud.seed(instances=[one | {"properties": properties}])
    event = {"instance": "test-one", "hub": "h", "category": "messages", "event": "e"}
    return cloud.post("/_local/events", event)


def test_lists_and_reads_vaults(arm: Arm) -> None:
    path = f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/{TYPE}"
    names = {vault["name"] for vault in arm.document(path, VERSION)["value"]}
    assert names == {seed.VAULT, seed.RBAC_VAULT}
    uri = arm.document(VAULT_ID, VERSION)["properties"]["vaultUri"]
    assert uri == f"https://{seed.VAULT}.vault.azure.net/"


def test_add_merges_permissions(arm: Arm) -> None:
    chat, other = change(
        arm, "add", policy(seed.CHAT_PRINCIPAL_ID, "Get", "list"), policy("someone", "get")
    )
    assert chat["permissions"]["secrets"] == ["get", "list"]
    assert other["objectId"] == "someone"


def test_remove_deletes_policy_without_permissions(arm: Arm) -> None:
    assert change(arm, "remove", policy(seed.CHAT_PRINCIPAL_ID, "get")) == []


def test_replace_drops_other_policies(arm: Arm) -> None:
    (only,) = change(arm, "replace", policy("someone", "get"))
    assert only["objectId"] == "someone"


def test_refuses_policy_of_another_tenant(arm: Arm) -> None:
    body = {"properties": {"accessPolicies": [policy("x", "get", tenant=seed.OTHER_TENANT_ID)]}}
    assert arm.call("PUT", f"{VAULT_ID}/accessPolicies/add", body, VERSION).status_code == 400


@pytest.mark.parametrize(("version", "uses_rbac"), [("2025-05-01", False), ("2026-02-01", True)])
def test_new_vaults_use_rbac_since_2026(arm: Arm, version: str, uses_rbac: bool) -> None:
    properties = {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}}
    body = {"location": "westeurope", "properties": properties}
    made = arm.call("PUT", NEW_ID, body, version).json()
    assert made["properties"].get("enableRbacAuthorization", False) is uses_rbac


def test_put_of_read_document_changes_nothing(arm: Arm) -> None:
    document = arm.document(VAULT_ID, VERSION)
    again = arm.call("PUT", VAULT_ID, document, VERSION)
    assert again.json()["properties"] == document["properties"]


def test_management_hides_secret_values(arm: Arm) -> None:
    (secret,) = arm.document(f"{VAULT_ID}/secrets", VERSION)["value"]
    assert arm.document(f"{VAULT_ID}/secrets/upstream-code", VERSION) == secret
    assert "code-from-the-vault" not in str(secret)
    assert arm.call("GET", f"{VAULT_ID}/secrets/nothing", version=VERSION).status_code == 404


def test_resolves_reference_by_policy(local_azure: LocalAzure, upstream: Upstream) -> None:
    refer(local_azure, upstream, seed.VAULT, seed.CHAT_PRINCIPAL_ID)
    assert upstream.received[0].path == "/?code=code-from-the-vault"


def test_sends_nothing_without_grant(local_azure: LocalAzure, upstream: Upstream) -> None:
    outcome = refer(local_azure, upstream, seed.VAULT, "eeeeeeee-0000-4000-8000-00000000dead")
    assert "may not read the secrets" in outcome["error"]
    assert upstream.received == []


def test_resolves_reference_by_role(arm: Arm, local_azure: LocalAzure, upstream: Upstream) -> None:
    refused = refer(local_azure, upstream, seed.RBAC_VAULT, seed.CHAT_PRINCIPAL_ID)
    assert "may not read the secrets" in refused["error"]
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_USER}"
    asked = {"roleDefinitionId": role, "principalId": seed.CHAT_PRINCIPAL_ID}
    asked["principalType"] = "ServicePrincipal"
    arm.call("PUT", RBAC_VAULT_ID + ASSIGNMENT, {"properties": asked}, "2022-04-01")
    refer(local_azure, upstream, seed.RBAC_VAULT, seed.CHAT_PRINCIPAL_ID)
    assert upstream.received[0].path == "/?code=code-from-the-other-vault"


def test_reads_secret_with_permission(arm: Arm, local_azure: LocalAzure) -> None:
    path = f"/keyvault/{seed.VAULT}/secrets/upstream-code"
    order = {"resource": "https://vault.azure.net", "principal": seed.CHAT}
    arm.token = local_azure.post("/_local/tokens", order)["token"]
    secret = arm.document(path, "7.4")
    assert secret["value"] == "code-from-the-vault"
    assert secret["id"].startswith(f"https://{seed.VAULT}.vault.azure.net/secrets/upstream-code/")
    assert arm.call("PUT", path, {"value": "new"}, "7.4").status_code == 403


def test_secret_has_versions(arm: Arm, local_azure: LocalAzure) -> None:
    change(arm, "add", policy(seed.CHAT_PRINCIPAL_ID, "set", "list", "delete"))
    order = {"resource": "https://vault.azure.net", "principal": seed.CHAT}
    arm.token = local_azure.post("/_local/tokens", order)["token"]
    path = f"/keyvault/{seed.VAULT}/secrets/upstream-code"
    first = arm.document(path, "7.4")["id"].rpartition("/")[2]
    arm.call("PUT", path, {"value": "second"}, "7.4")
    assert arm.document(path, "7.4")["value"] == "second"
    assert arm.document(f"{path}/{first}", "7.4")["value"] == "code-from-the-vault"
    assert arm.call("DELETE", path, version="7.4").status_code == 200
    gone = arm.call("GET", path, version="7.4")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "SecretNotFound")
