"""The data plane of Key Vault, without an SDK."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm

API_VERSION = "7.4"
ALL = ["all", "purge"]
SECRETS = f"/keyvault/{seed.VAULT}/secrets"
DELETED = f"/keyvault/{seed.VAULT}/deletedsecrets"
VAULT_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.KeyVault/vaults", seed.VAULT)


class Vault:
    """Calls the data plane with the token of the chat instance's identity."""

    def __init__(self, cloud: LocalAzure, arm: Arm) -> None:
        order = {"resource": "https://vault.azure.net", "principal": seed.CHAT}
        self._token = cloud.post("/_local/tokens", order)["token"]
        self._arm = arm
        self._cloud = cloud
        self.grant(*ALL)

    def grant(self, *permissions: str) -> None:
        policy = {
            "tenantId": seed.TENANT_ID,
            "objectId": seed.CHAT_PRINCIPAL_ID,
            "permissions": {"secrets": list(permissions)},
        }
        self.write(accessPolicies=[policy])

    def write(self, **properties: Any) -> None:
        answer = self._arm.call("PATCH", VAULT_ID, {"properties": properties}, "2023-07-01")
        answer.raise_for_status()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        url = path if path.startswith("https://") else self._cloud.url + path
        return requests.request(
            method,
            url,
            params=None if "api-version" in url else {"api-version": API_VERSION} | query,
            json=body,
            headers=headers,
            verify=str(self._cloud.ca_file),
            timeout=10,
        )


@pytest.fixture
def vault(local_azure: LocalAzure, arm: Arm) -> Vault:
    return Vault(local_azure, arm)


def inner_code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["innererror"]["code"]


def test_challenges_request_without_token(local_azure: LocalAzure) -> None:
    url = f"{local_azure.url}{SECRETS}/x?api-version=7.4"
    answer = requests.get(url, verify=str(local_azure.ca_file), timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="{local_azure.url}/{seed.TENANT_ID}", '
        'resource="https://vault.azure.net"'
    )
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_shows_recovery_attributes_and_tags(vault: Vault) -> None:
    made = vault.call("PUT", f"{SECRETS}/One", {"value": "1", "tags": {"a": "b"}}).json()
    assert made["attributes"]["recoveryLevel"] == "Recoverable+Purgeable"
    assert made["attributes"]["recoverableDays"] == 90
    assert made["tags"] == {"a": "b"}
    assert vault.call("GET", f"{SECRETS}/one/").json() == made


def test_recovery_level_follows_vault_settings(vault: Vault) -> None:
    vault.write(softDeleteRetentionInDays=7, enablePurgeProtection=True)
    made = vault.call("PUT", f"{SECRETS}/one", {"value": "1"}).json()
    assert made["attributes"]["recoveryLevel"] == "CustomizedRecoverable"
    vault.call("DELETE", f"{SECRETS}/one")
    assert inner_code(vault.call("DELETE", f"{DELETED}/one")) == (403, "PurgeNotAllowed")


def test_pages_versions_and_secrets(vault: Vault) -> None:
    for value in ("1", "2", "3"):
        vault.call("PUT", f"{SECRETS}/one", {"value": value})
    first = vault.call("GET", f"{SECRETS}/one/versions", maxresults=2).json()
    assert len(first["value"]) == 2
    second = vault.call("GET", first["nextLink"]).json()
    assert len(second["value"]) == 1
    assert second["nextLink"] is None
    names = [one["id"].rsplit("/")[-1] for one in vault.call("GET", SECRETS).json()["value"]]
    assert names == ["one", "upstream-code"]


def test_refuses_reading_disabled_secret(vault: Vault) -> None:
    vault.call("PATCH", f"{SECRETS}/upstream-code/", {"attributes": {"enabled": False}})
    assert inner_code(vault.call("GET", f"{SECRETS}/upstream-code")) == (403, "SecretDisabled")


def test_deleted_secret_is_recovered_or_purged(vault: Vault) -> None:
    deleted = vault.call("DELETE", f"{SECRETS}/upstream-code").json()
    assert urlsplit(deleted["recoveryId"]).path == "/deletedsecrets/upstream-code"
    assert vault.call("GET", f"{DELETED}/upstream-code").json()["id"] == deleted["id"]
    assert len(vault.call("GET", DELETED).json()["value"]) == 1
    again = vault.call("PUT", f"{SECRETS}/upstream-code", {"value": "x"})
    assert inner_code(again) == (409, "ObjectIsDeletedButRecoverable")
    recovered = vault.call("POST", f"{DELETED}/upstream-code/recover")
    assert recovered.json()["id"] == deleted["id"]
    vault.call("DELETE", f"{SECRETS}/upstream-code")
    assert vault.call("DELETE", f"{DELETED}/upstream-code").status_code == 204
    assert vault.call("GET", f"{DELETED}/upstream-code").status_code == 404


def test_restores_backup(vault: Vault) -> None:
    backup = vault.call("POST", f"{SECRETS}/upstream-code/backup").json()
    assert vault.call("POST", f"{SECRETS}/restore", backup).status_code == 409
    vault.call("DELETE", f"{SECRETS}/upstream-code")
    vault.call("DELETE", f"{DELETED}/upstream-code")
    assert vault.call("POST", f"{SECRETS}/restore", backup).status_code == 200
    assert vault.call("GET", f"{SECRETS}/upstream-code").json()["value"] == "code-from-the-vault"
    assert vault.call("POST", f"{SECRETS}/restore", {"value": "bm8"}).status_code == 400


@pytest.mark.parametrize(
    ("permission", "method", "path", "body"),
    [
        ("get", "GET", f"{SECRETS}/upstream-code", None),
        ("list", "GET", SECRETS, None),
        ("set", "PUT", f"{SECRETS}/upstream-code", {"value": "x"}),
        ("set", "PATCH", f"{SECRETS}/upstream-code", {"tags": {}}),
        ("delete", "DELETE", f"{SECRETS}/upstream-code", None),
        ("backup", "POST", f"{SECRETS}/upstream-code/backup", None),
    ],
)
def test_each_operation_needs_its_permission(
    vault: Vault, permission: str, method: str, path: str, body: Any
) -> None:
    others = {"get", "list", "set", "delete", "backup", "purge"} - {permission}
    vault.grant(*others)
    assert inner_code(vault.call(method, path, body)) == (403, "AccessDenied")
    vault.grant(permission)
    assert vault.call(method, path, body).status_code == 200


def test_all_permissions_exclude_purge(vault: Vault) -> None:
    vault.grant("all")
    vault.call("DELETE", f"{SECRETS}/upstream-code")
    assert inner_code(vault.call("DELETE", f"{DELETED}/upstream-code")) == (403, "AccessDenied")


def test_role_on_one_secret_allows_that_secret_only(
    local_azure: LocalAzure, arm: Arm, vault: Vault
) -> None:
    vault.write(enableRbacAuthorization=True)
    assert inner_code(vault.call("GET", f"{SECRETS}/upstream-code")) == (403, "ForbiddenByRbac")
    body = {
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/"
        "4633458b-17de-408a-b874-0445c86b69e6",
        "principalId": seed.CHAT_PRINCIPAL_ID,
        "principalType": "ServicePrincipal",
    }
    name = "0a0a0a0a-0000-4000-8000-00000000000b"
    path = (
        f"{VAULT_ID}/secrets/upstream-code/providers/Microsoft.Authorization/roleAssignments/{name}"
    )
    arm.call("PUT", path, {"properties": body}, "2022-04-01").raise_for_status()
    assert vault.call("GET", f"{SECRETS}/upstream-code").status_code == 200
    assert vault.call("GET", f"{SECRETS}/other").status_code == 403
    assert vault.call("GET", SECRETS).status_code == 403


def test_vault_without_public_access_refuses(vault: Vault) -> None:
    vault.write(publicNetworkAccess="Disabled")
    assert inner_code(vault.call("GET", SECRETS)) == (403, "ForbiddenByConnection")


def test_firewall_admits_listed_addresses(vault: Vault) -> None:
    acls: dict[str, Any] = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": []}
    vault.write(networkAcls=acls)
    assert inner_code(vault.call("GET", SECRETS)) == (403, "ForbiddenByFirewall")
    vault.write(networkAcls=acls | {"ipRules": [{"value": "127.0.0.0/8"}]})
    assert vault.call("GET", SECRETS).status_code == 200
