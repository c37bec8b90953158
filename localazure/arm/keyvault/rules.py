"""What a vault is, who may read its secrets, and which versions a secret has.

Source: Microsoft's "Azure role-based access control vs. access policies": with
`enableRbacAuthorization` roles alone count, without it access policies alone.
"""

from __future__ import annotations

import copy
import time
import uuid
from typing import Any

from localazure.arm import roles
from localazure.arm.resources import Resource, Resources

TYPE = "Microsoft.KeyVault/vaults"
HOST_SUFFIX = ".vault.azure.net"
_DATA_ACTIONS = {
    "get": "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "list": "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    "set": "Microsoft.KeyVault/vaults/secrets/setSecret/action",
    "delete": "Microsoft.KeyVault/vaults/secrets/delete",
}

Policy = dict[str, Any]


def blank(arm_id: str, location: str, tenant_id: str) -> dict[str, Any]:
    """Return a vault of which nothing was asked: no policies, no roles."""
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
            "accessPolicies": [],
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enableRbacAuthorization": False,
            "vaultUri": f"https://{name}{HOST_SUFFIX}/",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
        },
    }


def may(vault: Resource, resources: Resources, principal_id: str, permission: str) -> bool:
    """Tell whether a principal may `get`, `list`, `set` or `delete` secrets of the vault."""
    properties = vault.document["properties"]
    if properties.get("enableRbacAuthorization"):
        held = roles.roles_of(resources, principal_id, vault.id)
        return any(role.allows_data(_DATA_ACTIONS[permission]) for role in held)
    return any(
        _same(policy["objectId"], principal_id)
        and _same(policy["tenantId"], properties["tenantId"])
        and {permission, "all"} & {one.lower() for one in _secret_permissions(policy)}
        for policy in properties["accessPolicies"]
    )


def changed_policies(held: list[Policy], kind: str, given: list[Policy]) -> list[Policy]:
    """Return a vault's policies after `add`, `replace` or `remove`.

    add merges permissions into the principal's policy; remove takes permissions away, and the
    policy with its last one.
    """
    if kind == "replace":
        return copy.deepcopy(given)
    policies = {_subject(policy): copy.deepcopy(policy) for policy in held}
    for policy in given:
        mine = policies.setdefault(_subject(policy), {**policy, "permissions": {}})
        mine["permissions"] = _combined(mine["permissions"], policy["permissions"], kind)
    return [policy for policy in policies.values() if any(policy["permissions"].values())]


def add_version(vault: Resource, name: str, value: str, content_type: str | None = None) -> Policy:
    """Write a new version of a secret, and return it."""
    now = int(time.time())
    version = {
        "version": uuid.uuid4().hex,
        "value": value,
        "contentType": content_type,
        "attributes": {"enabled": True, "created": now, "updated": now},
    }
    vault.hidden.setdefault("secrets", {}).setdefault(name.lower(), []).append(version)
    return version


def find_version(vault: Resource, name: str, version: str = "") -> dict[str, Any] | None:
    """Return a version of a secret: that one, or the latest."""
    versions: list[dict[str, Any]] = vault.hidden.get("secrets", {}).get(name.lower(), [])
    wanted = [one for one in versions if not version or one["version"] == version]
    return wanted[-1] if wanted else None


def _combined(held: dict[str, Any], given: dict[str, Any], kind: str) -> dict[str, Any]:
    result = dict(held)
    for group, names in given.items():
        old, new = held.get(group) or [], names or []
        if kind == "add":
            result[group] = [*old, *(name for name in new if not _in(name, old))]
        else:
            result[group] = [name for name in old if not _in(name, new)]
    return result


def _subject(policy: Policy) -> tuple[str, ...]:
    parts = (policy["tenantId"], policy["objectId"], policy.get("applicationId") or "")
    return tuple(part.lower() for part in parts)


def _secret_permissions(policy: Policy) -> list[str]:
    return policy["permissions"].get("secrets") or []


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _in(name: str, names: list[str]) -> bool:
    return any(_same(name, other) for other in names)
