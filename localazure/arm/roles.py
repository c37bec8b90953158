"""Azure's built-in roles, as far as a portal of managed identities meets them.

Ids and actions: Microsoft's "Azure built-in roles".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from localazure.arm.resources import Resource, Resources, timestamp

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"
_SIGNALR = "Microsoft.SignalRService/SignalR"


@dataclass(frozen=True)
class Role:
    """A role definition: patterns of the actions it allows, and of those it takes out again."""

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Tell whether the role allows a control-plane action."""
        return _matches(self.actions, action) and not _matches(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        """Tell whether the role allows a data-plane action."""
        return _matches(self.data_actions, action)


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(_expression(pattern).fullmatch(action) for pattern in patterns)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    # "a/*/read" allows "a/read" too.
    text = re.escape(pattern).replace(r"\*/", "(?:.*/)?").replace(r"\*", ".*")
    return re.compile(text, re.IGNORECASE)


BUILT_IN = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        ("*/read", "Microsoft.Authorization/*"),
    ),
    Role(
        "8cf5e20a-e4b2-4e9d-b3a1-5ceb692c2761",
        "SignalR/Web PubSub Contributor",
        (
            "Microsoft.SignalRService/*",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    Role(
        "420fcaa2-552c-430f-98ca-3264be4806c7",
        "SignalR App Server",
        data_actions=(
            f"{_SIGNALR}/auth/accessKey/action",
            f"{_SIGNALR}/serverConnection/write",
            f"{_SIGNALR}/clientConnection/write",
        ),
    ),
    Role(
        "fd53cd77-2268-407a-8f46-7e7863d0f521",
        "SignalR REST API Owner",
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
        data_actions=(
            f"{_SIGNALR}/group/read",
            f"{_SIGNALR}/clientConnection/read",
            f"{_SIGNALR}/user/read",
        ),
    ),
    Role(
        "7e4f1700-ea5a-4f59-8f37-079cfe29dce3",
        "SignalR Service Owner",
        data_actions=(f"{_SIGNALR}/*",),
    ),
    Role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
        ),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        data_actions=(
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        data_actions=("Microsoft.KeyVault/vaults/secrets/*",),
    ),
    Role(
        "de139f84-1756-47ae-9be6-808fbbe84772",
        "Website Contributor",
        ("Microsoft.Web/sites/*", "Microsoft.Resources/subscriptions/resourceGroups/read"),
    ),
)


def find(id_or_name: str) -> Role | None:
    """Return the built-in role of that GUID, ARM id or name."""
    key = id_or_name.rsplit("/", 1)[-1].lower()
    by_name = id_or_name.lower()
    return next((role for role in BUILT_IN if key == role.id or by_name == role.name.lower()), None)


def assignment(scope: str, name: str, role: Role, principal_id: str, by: str) -> Resource:
    """Return the resource that a role assignment is."""
    subscription = "/".join(scope.split("/")[:3])
    return Resource(
        {
            "properties": {
                "roleDefinitionId": (
                    f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
                ),
                "principalId": principal_id,
                "principalType": "ServicePrincipal",
                "scope": scope,
                "condition": None,
                "createdOn": timestamp(),
                "updatedOn": timestamp(),
                "createdBy": by,
                "updatedBy": by,
            },
            "id": f"{scope}/providers/{ASSIGNMENT_TYPE}/{name}",
            "type": ASSIGNMENT_TYPE,
            "name": name,
        }
    )


def roles_of(resources: Resources, principal_id: str, scope: str) -> list[Role]:
    """Return the roles that a principal holds at a scope, inherited ones included."""
    path = f"{scope.lower().rstrip('/')}/"
    found = []
    for assignment in resources.of_type(ASSIGNMENT_TYPE):
        properties = assignment.document["properties"]
        held = properties["principalId"].lower() == principal_id.lower()
        if held and path.startswith(f"{properties['scope'].lower().rstrip('/')}/"):
            role = find(properties["roleDefinitionId"])
            found += [role] if role else []
    return found
