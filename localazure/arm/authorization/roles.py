"""Role definitions: Azure's built-in ones for SignalR and related services, and custom ones.

Ids and actions: Microsoft's "Azure built-in roles"; Contributor's are recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import Any

from localazure.arm.resources import Resources

_SIGNALR = "Microsoft.SignalRService/SignalR"
DEFINITION_TYPE = "Microsoft.Authorization/roleDefinitions"
_BUILT_IN_SINCE = "2015-02-02T21:55:09.8806423Z"


@dataclass(frozen=True)
class Role:
    """A role definition: patterns of allowed actions, and of those excluded from them."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    type: str = "BuiltInRole"
    assignable_scopes: tuple[str, ...] = ("/",)
    created_on: str = _BUILT_IN_SINCE

    def allows(self, action: str) -> bool:
        """Return whether the role allows a control-plane action."""
        return _matches(self.actions, action) and not _matches(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        """Return whether the role allows a data-plane action."""
        is_excluded = _matches(self.not_data_actions, action)
        return _matches(self.data_actions, action) and not is_excluded

    def to_json(self) -> dict[str, Any]:
        """Return the role as JSON values; `from_json` reads them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Role:
        """Read what `to_json` wrote."""
        members: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in value.items()
        }
        return cls(**members)


@lru_cache(maxsize=4096)
def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(_expression(pattern).fullmatch(action) for pattern in patterns)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    # "a/*/read" allows "a/read" too.
    text = re.escape(pattern).replace(r"\*/", "(?:.*/)?").replace(r"\*", ".*")
    return re.compile(text, re.IGNORECASE)


_READ_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups/read"
_USUAL = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    _READ_GROUPS,
    "Microsoft.Support/*",
)
_SECRETS = "Microsoft.KeyVault/vaults/secrets"
BUILT_IN = (
    Role(
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Owner",
        "Grants full access to manage all resources, including the ability to assign roles in "
        "Azure RBAC.",
        ("*",),
    ),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Lets you manage everything except access to resources.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
        ),
    ),
    Role(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Reader",
        "View all resources, but does not allow you to make any changes.",
        ("*/read",),
    ),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Lets you manage user access to Azure resources.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Manage access to Azure resources by assigning roles using Azure RBAC.",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "8cf5e20a-e4b2-4e9d-b3a1-5ceb692c2761",
        "SignalR/Web PubSub Contributor",
        "Create, Read, Update, and Delete SignalR service resources",
        ("Microsoft.SignalRService/*", *_USUAL),
    ),
    Role(
        "420fcaa2-552c-430f-98ca-3264be4806c7",
        "SignalR App Server",
        "Lets your app server access SignalR Service with AAD auth options.",
        data_actions=(
            f"{_SIGNALR}/auth/accessKey/action",
            f"{_SIGNALR}/serverConnection/write",
            f"{_SIGNALR}/clientConnection/write",
        ),
    ),
    Role(
        "fd53cd77-2268-407a-8f46-7e7863d0f521",
        "SignalR REST API Owner",
        "Full access to Azure SignalR Service REST APIs",
        data_actions=(
            f"{_SIGNALR}/auth/clientToken/action",
            f"{_SIGNALR}/hub/*",
            f"{_SIGNALR}/group/*",
            f"{_SIGNALR}/clientConnection/*",
            f"{_SIGNALR}/user/*",
        ),
    ),
    Role(
        "ddde6b66-c0df-4114-a159-3618637b3035",
        "SignalR REST API Reader",
        "Read-only access to Azure SignalR Service REST APIs",
        data_actions=(
            f"{_SIGNALR}/group/read",
            f"{_SIGNALR}/clientConnection/read",
            f"{_SIGNALR}/user/read",
        ),
    ),
    Role(
        "7e4f1700-ea5a-4f59-8f37-079cfe29dce3",
        "SignalR Service Owner",
        "Full access to Azure SignalR Service REST APIs",
        data_actions=(f"{_SIGNALR}/*",),
    ),
    Role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        "Create, Read, Update, and Delete User Assigned Identity",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/*",
            *_USUAL,
        ),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Read and Assign User Assigned Identity",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            *_USUAL,
        ),
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        "Lets you manage key vaults, but not access to them.",
        ("Microsoft.KeyVault/*", *_USUAL),
        (
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Perform all data plane operations on a key vault and all objects in it, including "
        "certificates, keys, and secrets.",
        ("Microsoft.KeyVault/vaults/*/read", *_USUAL),
        data_actions=("Microsoft.KeyVault/vaults/*",),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        "Read secret contents.",
        data_actions=(f"{_SECRETS}/getSecret/action", f"{_SECRETS}/readMetadata/action"),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        "Perform any action on the secrets of a key vault, except manage permissions.",
        ("Microsoft.KeyVault/vaults/*/read", *_USUAL),
        data_actions=(f"{_SECRETS}/*",),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Read metadata of key vaults and its certificates, keys, and secrets.",
        ("Microsoft.KeyVault/vaults/*/read", *_USUAL),
        data_actions=("Microsoft.KeyVault/vaults/*/read", f"{_SECRETS}/readMetadata/action"),
    ),
    Role(
        "de139f84-1756-47ae-9be6-808fbbe84772",
        "Website Contributor",
        "Lets you manage websites (not web plans), but not access to them.",
        ("Microsoft.Web/sites/*", "Microsoft.Web/serverFarms/read", *_USUAL),
    ),
)
_BUILT_IN_BY_ID = {role.id: role for role in BUILT_IN}


def custom_id(role_id: str) -> str:
    """Return the id of a custom role among the resources."""
    return f"/providers/{DEFINITION_TYPE}/{role_id}"


def custom(resources: Resources) -> Iterator[Role]:
    """Yield the custom roles."""
    for resource in resources.of_type(DEFINITION_TYPE):
        yield Role.from_json(resource.hidden)


def find(id_or_name: str, resources: Resources | None = None) -> Role | None:
    """Return the role of that GUID, ARM id or name; custom roles only with `resources`."""
    key = id_or_name.rsplit("/", 1)[-1].lower()
    if key in _BUILT_IN_BY_ID:
        return _BUILT_IN_BY_ID[key]
    by_name = id_or_name.lower()
    known = [*BUILT_IN, *(custom(resources) if resources else ())]
    return next((role for role in known if key == role.id or by_name == role.name.lower()), None)
