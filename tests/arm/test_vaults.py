from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from arm.client import ArmClient
from arm.errors import Conflict, NotFound, PrincipalUnknown, UnexpectedAnswer
from arm.role_assignments import SECRETS_USER
from arm.vaults import VaultResource
from localazure import seed
from tests.cloud import LocalAzure

TYPE = "Microsoft.KeyVault/vaults"
VAULT_ID = seed.resource_id(seed.REALTIME_GROUP, TYPE, seed.VAULT)
RBAC_VAULT_ID = seed.resource_id(seed.PAYMENTS_GROUP, TYPE, seed.RBAC_VAULT)
CHAT = UUID(seed.CHAT_PRINCIPAL_ID)
ORDERS = UUID(seed.ORDERS_PRINCIPAL_ID)


def writes(cloud: LocalAzure) -> list[dict[str, Any]]:
    return [entry for entry in cloud.requests("PUT") if "/_local/" not in entry["path"]]


def fail_writes(cloud: LocalAzure, status: int, code: str) -> None:
    body = {"error": {"code": code, "message": "No."}}
    fault = {"method": "PUT", "path": "roleAssignments", "status": status, "body": body}
    cloud.post("/_local/faults", [fault])


def test_lists_vaults_with_permission_model(client: ArmClient) -> None:
    vaults = {vault.name: vault for vault in client.vaults.list()}
    assert not vaults[seed.VAULT].uses_rbac
    assert vaults[seed.VAULT].readers == {CHAT}
    assert vaults[seed.VAULT].vault_uri == f"https://{seed.VAULT}.vault.azure.net/"
    assert vaults[seed.RBAC_VAULT].uses_rbac
    assert str(vaults[seed.RBAC_VAULT].tenant_id) == seed.TENANT_ID


def test_a_vault_that_is_not_there_is_not_found(client: ArmClient) -> None:
    with pytest.raises(NotFound):
        client.vaults.get(f"{VAULT_ID}-not")


def test_another_shape_is_not_taken_for_a_vault() -> None:
    with pytest.raises(UnexpectedAnswer, match="The property 'tenantId' is missing"):
        VaultResource.from_arm({"id": VAULT_ID, "name": seed.VAULT, "properties": {}})


@pytest.mark.parametrize(
    ("policy", "reads"),
    [
        ({"permissions": {"secrets": ["Get"]}}, True),
        ({"permissions": {"secrets": ["all"]}}, True),
        ({"permissions": {"secrets": ["list", "set"]}}, False),
        ({"permissions": {"keys": ["get"]}}, False),
        ({"permissions": {"secrets": None}}, False),
        ({"permissions": {"secrets": ["get"]}, "applicationId": str(ORDERS)}, False),
    ],
)
def test_only_get_on_secrets_reads_them(policy: dict[str, Any], *, reads: bool) -> None:
    properties = {
        "tenantId": seed.TENANT_ID,
        "accessPolicies": [{"tenantId": seed.TENANT_ID, "objectId": str(CHAT)} | policy],
    }
    vault = VaultResource.from_arm({"id": VAULT_ID, "name": "v", "properties": properties})
    assert (CHAT in vault.readers) == reads


def test_an_access_policy_is_added_beside_the_others(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    vault = client.vaults.get(VAULT_ID)
    client.vaults.let_read_secrets(vault, ORDERS)
    client.vaults.let_read_secrets(vault, ORDERS)
    assert client.vaults.get(VAULT_ID).readers == {CHAT, ORDERS}
    paths = {entry["path"].partition("?")[0] for entry in writes(local_azure)}
    assert paths == {f"{VAULT_ID}/accessPolicies/add"}


def test_a_role_lets_read_until_then_none_does(client: ArmClient, local_azure: LocalAzure) -> None:
    assert client.roles.secret_reading(RBAC_VAULT_ID, ORDERS) is None
    client.roles.let_read_secrets(RBAC_VAULT_ID, ORDERS)
    held = client.roles.secret_reading(RBAC_VAULT_ID, ORDERS)
    assert held is not None
    assert held.role_id == SECRETS_USER
    assert held.created_at is not None
    assert client.roles.secret_reading(RBAC_VAULT_ID, CHAT) is None


def test_the_same_assignment_again_is_the_same_request(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    client.roles.let_read_secrets(RBAC_VAULT_ID, ORDERS)
    client.roles.let_read_secrets(RBAC_VAULT_ID.lower(), ORDERS)
    assert len({entry["path"].rpartition("/")[2] for entry in writes(local_azure)}) == 1
    assert writes(local_azure)[0]["body"]["properties"]["principalType"] == "ServicePrincipal"


def test_a_role_held_by_an_assignment_of_another_name_is_enough(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    fail_writes(local_azure, 409, "RoleAssignmentExists")
    client.roles.let_read_secrets(RBAC_VAULT_ID, ORDERS)


def test_another_conflict_is_not_taken_for_success(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    fail_writes(local_azure, 409, "ScopeLocked")
    with pytest.raises(Conflict):
        client.roles.let_read_secrets(RBAC_VAULT_ID, ORDERS)


def test_a_principal_too_young_for_the_directory_passes(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    fail_writes(local_azure, 400, "PrincipalNotFound")
    with pytest.raises(PrincipalUnknown) as caught:
        client.roles.let_read_secrets(RBAC_VAULT_ID, ORDERS)
    assert caught.value.is_transient


def test_a_secret_is_known_without_its_value(client: ArmClient) -> None:
    secret = client.vaults.find_secret(VAULT_ID, "upstream-code")
    assert secret is not None
    assert secret.is_enabled
    assert secret.expires_at is None
    assert client.vaults.find_secret(VAULT_ID, "no-such-secret") is None
