"""The document of a vault: defaults and changes.

Defaults are those of recorded answers: a property that was never set is absent, except for those in
`_DEFAULTS`. `networkAcls` that allow everything are absent too.
"""

from __future__ import annotations

import copy
from typing import Any

from localazure.arm.errors import ArmError
from localazure.arm.versions import ApiVersions

TYPE = "Microsoft.KeyVault/vaults"
DELETED_TYPE = "Microsoft.KeyVault/deletedVaults"
HOST_SUFFIX = ".vault.azure.net"
RETENTION_DAYS = 90
API_VERSIONS = ApiVersions(
    (
        "2015-06-01",
        "2016-10-01",
        "2018-02-14-preview",
        "2018-02-14",
        "2019-09-01",
        "2020-04-01-preview",
        "2021-04-01-preview",
        "2021-06-01-preview",
        "2021-10-01",
        "2021-11-01-preview",
        "2022-02-01-preview",
        "2022-07-01",
        "2022-11-01",
        "2023-02-01",
        "2023-07-01",
        "2023-08-01-preview",
        "2024-04-01-preview",
        "2024-11-01",
        "2024-12-01-preview",
        "2025-05-01",
        "2026-02-01",
        "2026-03-01-preview",
        "2026-05-15",
    ),
    since={
        "systemData": "2021-06-01-preview",
        "properties.publicNetworkAccess": "2021-06-01-preview",
    },
)
SERVICE_HEADERS = {
    "x-ms-keyvault-service-version": "2.2.45.0",
    "x-ms-operation-identifier": (
        "tenantId=00000000-0000-0000-0000-000000000000,"
        "objectId=00000000-0000-0000-0000-000000000000/westeurope/"
        "00000000-0000-0000-0000-000000000000"
    ),
}
RETENTION_BY_DEFAULT = "2020-04-01-preview"
# A vault that is created with this api-version or a later one uses RBAC by default.
RBAC_BY_DEFAULT = "2026-02-01"

_DEFAULTS: dict[str, Any] = {
    "accessPolicies": [],
    "enabledForDeployment": False,
    "enableSoftDelete": True,
    "publicNetworkAccess": "Enabled",
}
# `createMode` belongs to the request alone; soft delete can no longer be turned off.
_NOT_STORED = frozenset(
    {
        *("vaultUri", "provisioningState", "privateEndpointConnections", "hsmPoolResourceId"),
        *("createMode", "enableSoftDelete", "tenantId"),
    }
)
_OPEN_NETWORK = {"bypass": "AzureServices", "defaultAction": "Allow"}

Document = dict[str, Any]


class PurgeProtectionFixed(ArmError):
    """Purge protection cannot be turned off."""

    def __init__(self) -> None:
        super().__init__(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge '
            "protection for a vault is an irreversible action."
        )


def blank(arm_id: str, location: str, tenant_id: str) -> Document:
    """Return a vault with default properties."""
    name = arm_id.rsplit("/", 1)[-1]
    return {
        "id": arm_id,
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": {},
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": tenant_id,
            **copy.deepcopy(_DEFAULTS),
            "vaultUri": f"https://{name.lower()}{HOST_SUFFIX}/",
            "provisioningState": "Succeeded",
        },
    }


def fill_defaults(properties: Document, api_version: str) -> None:
    """Write the defaults that depend on the api-version with which a vault is created."""
    if api_version >= RETENTION_BY_DEFAULT:
        properties.setdefault("softDeleteRetentionInDays", RETENTION_DAYS)
    if api_version >= RBAC_BY_DEFAULT:
        properties.setdefault("enableRbacAuthorization", True)


def merge_properties(properties: Document, given: Document) -> None:
    """Write the given properties; null and read-only ones are ignored.

    Raises PurgeProtectionFixed.
    """
    if given.get("enablePurgeProtection") is False:
        raise PurgeProtectionFixed
    for name, value in copy.deepcopy(given).items():
        if value is not None and name not in _NOT_STORED:
            properties[name] = value
    if "networkAcls" in properties:
        acls = _filled_acls(properties.pop("networkAcls"))
        if acls:
            properties["networkAcls"] = acls


def registering(document: Document) -> Document:
    """Return the document as the answer to its creation shows it: DNS is not ready yet."""
    properties = document["properties"]
    shown = {
        "vaultUri": properties["vaultUri"].rstrip("/"),
        "provisioningState": "RegisteringDns",
    }
    return document | {"properties": properties | shown}


def uses_rbac(document: Document) -> bool:
    """Return whether role assignments, not access policies, control access to the secrets."""
    return bool(document["properties"].get("enableRbacAuthorization"))


def _filled_acls(given: Document) -> Document:
    """Return network rules with all members; empty where they allow everything."""
    acls = _OPEN_NETWORK | {name: value for name, value in given.items() if value is not None}
    rules = {name: acls.get(name) or [] for name in ("ipRules", "virtualNetworkRules")}
    if acls["defaultAction"].lower() == "allow" and not any(rules.values()):
        return {} if acls["bypass"] == _OPEN_NETWORK["bypass"] else acls | rules
    return acls | rules
