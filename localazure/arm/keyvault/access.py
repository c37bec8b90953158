"""Access to a vault's secrets: permissions and network rules.

Sources: Microsoft's "Azure role-based access control (RBAC) vs. access policies" (with
`enableRbacAuthorization` role assignments alone decide, without it access policies alone) and
"Configure networking for Azure Key Vault".
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from localazure.arm.guard import roles_of
from localazure.arm.keyvault import errors, policies
from localazure.arm.keyvault.vault_document import uses_rbac
from localazure.arm.resources import Resource
from localazure.entra.issuers import v1_issuer
from localazure.entra.tokens import Principal
from localazure.world import World

_SECRETS = "Microsoft.KeyVault/vaults/secrets"
DATA_ACTIONS = {
    "get": f"{_SECRETS}/getSecret/action",
    "list": f"{_SECRETS}/readMetadata/action",
    "set": f"{_SECRETS}/setSecret/action",
    "update": f"{_SECRETS}/update/action",
    "delete": f"{_SECRETS}/delete",
    "recover": f"{_SECRETS}/recover/action",
    "purge": f"{_SECRETS}/purge/action",
    "backup": f"{_SECRETS}/backup/action",
    "restore": f"{_SECRETS}/restore/action",
}
# Access policies have no permission of that name.
_POLICY_NAMES = {"update": "set"}


def may(vault: Resource, world: World, object_id: str, operation: str, secret: str = "") -> bool:
    """Return whether a principal may perform an operation of `DATA_ACTIONS`.

    `secret` names the secret, on which a role may be assigned; empty for the whole vault.
    """
    if uses_rbac(vault.document):
        scope = f"{vault.id}/secrets/{secret}" if secret else vault.id
        held = roles_of(world, object_id, scope)
        return any(role.allows_data(DATA_ACTIONS[operation]) for role in held)
    properties = vault.document["properties"]
    permission = _POLICY_NAMES.get(operation, operation)
    return policies.allow(
        properties["accessPolicies"], properties["tenantId"], object_id, permission
    )


def require(
    vault: Resource, world: World, principal: Principal, operation: str, secret: str = ""
) -> None:
    """Refuse a principal without the permission. Raises ForbiddenByPolicy or ForbiddenByRbac."""
    if may(vault, world, principal.object_id, operation, secret):
        return
    caller, place = _caller(principal), f"{vault.name};location={vault.document['location']}"
    if uses_rbac(vault.document):
        resource = f"{vault.id}/secrets/{secret}" if secret else vault.id
        raise errors.ForbiddenByRbac(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
            "assignments or role definitions were changed recently, please observe propagation "
            f"time.\r\nCaller: {caller}\r\nAction: '{DATA_ACTIONS[operation]}'\r\nResource: "
            f"'{resource.lower()}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
            f"DecisionReason: null \r\nVault: {place}\r\n"
        )
    permission = _POLICY_NAMES.get(operation, operation)
    raise errors.ForbiddenByPolicy(
        f"The user, group or application '{caller}' does not have secrets {permission} permission "
        f"on key vault '{place}'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287"
    )


def require_network(vault: Resource, client: str, principal: Principal) -> None:
    """Refuse a client by the vault's network settings.

    `client` is its IP address. Raises ForbiddenByConnection or ForbiddenByFirewall.
    """
    properties = vault.document["properties"]
    who = (
        f"Caller: {_caller(principal)}\r\nVault: {vault.name};location={vault.document['location']}"
    )
    if is_private(properties):
        raise errors.ForbiddenByConnection(
            "Public network access is disabled and request is not from a trusted service nor via "
            f"an approved private link.\r\n{who}"
        )
    if denies_by_default(properties) and not _is_listed(properties, client):
        raise errors.ForbiddenByFirewall(
            "Client address is not authorized and caller is not a trusted service.\r\n"
            f"Client address: {client}\r\n{who}"
        )


def is_private(properties: dict[str, Any]) -> bool:
    """Return whether public network access is disabled."""
    return str(properties.get("publicNetworkAccess", "")).lower() == "disabled"


def denies_by_default(properties: dict[str, Any]) -> bool:
    """Return whether addresses need a network rule."""
    acls = properties.get("networkAcls") or {}
    return str(acls.get("defaultAction", "Allow")).lower() == "deny"


def _is_listed(properties: dict[str, Any], client: str) -> bool:
    rules = (properties.get("networkAcls") or {}).get("ipRules") or []
    address = ip_address(client)
    return any(address in ip_network(rule["value"], strict=False) for rule in rules)


def _caller(principal: Principal) -> str:
    issuer = v1_issuer(principal.tenant_id)
    return f"appid={principal.app_id};oid={principal.object_id};iss={issuer}"
