"""The managed identity of an instance, as a principal of the directory."""

from __future__ import annotations

from typing import Any

from localazure.arm.identities.user_assigned import TYPE as USER_ASSIGNED
from localazure.arm.resources import Resource, Resources
from localazure.entra.directory.home_tenant import derived_guid
from localazure.entra.tokens import Principal


class NoIdentity(Exception):
    """The identity to issue a token to does not exist; the text names it."""


def principal_of(instance: Resource, resources: Resources) -> Principal:
    """Return the principal of an instance's identity. Raises NoIdentity."""
    identity: dict[str, Any] = instance.document.get("identity") or {"type": "None"}
    if identity["type"] == "SystemAssigned":
        return _system_assigned(instance, identity)
    if identity["type"] == "UserAssigned":
        (arm_id,) = identity["userAssignedIdentities"]
        found = resources.get(arm_id)
        if found is None:
            raise NoIdentity(f"The user-assigned identity '{arm_id}' does not exist.")
        return user_assigned(found, host=instance)
    raise NoIdentity(f"The instance '{instance.name}' has no managed identity.")


def user_assigned(identity: Resource, host: Resource | None = None) -> Principal:
    """Return the principal of a user-assigned identity, used by `host`."""
    if identity.document["type"] != USER_ASSIGNED:
        raise NoIdentity(f"'{identity.id}' is not a user-assigned identity.")
    properties = identity.document["properties"]
    return Principal(
        tenant_id=properties["tenantId"],
        object_id=properties["principalId"],
        app_id=properties["clientId"],
        identity_resource_id=_as_claimed(identity.id),
        host_resource_id=_as_claimed((host or identity).id),
    )


def _system_assigned(instance: Resource, identity: dict[str, Any]) -> Principal:
    arm_id = _as_claimed(instance.id)
    return Principal(
        tenant_id=identity["tenantId"],
        object_id=identity["principalId"],
        app_id=client_id(identity["principalId"]),
        identity_resource_id=arm_id,
        host_resource_id=arm_id,
    )


def client_id(principal_id: str) -> str:
    """Return the client id of a system-assigned identity, which ARM does not show."""
    return derived_guid("client", principal_id)


def _as_claimed(arm_id: str) -> str:
    # Tokens spell this part in lower case, whatever the resource's id does.
    return arm_id.replace("/resourceGroups/", "/resourcegroups/")
