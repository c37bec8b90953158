"""All service principals of the home tenant: applications' and managed identities'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localazure.arm.identities.user_assigned import TYPE as USER_ASSIGNED
from localazure.entra.directory.managed_identities import client_id
from localazure.entra.metadata_service import MACHINE_ID, machine
from localazure.world import World


def service_principals(world: World) -> Iterator[dict[str, Any]]:
    """Yield the service principals in Microsoft Graph's form."""
    for application in world.directory.applications():
        if not application.has_service_principal:
            continue
        yield _principal(
            application.principal_id,
            application.app_id,
            application.display_name,
            appOwnerOrganizationId=application.owner_tenant_id or world.directory.tenant_id,
            servicePrincipalNames=[application.app_id, *application.identifier_uris],
        )
    for identity in world.resources.of_type(USER_ASSIGNED):
        properties = identity.document["properties"]
        yield _managed(
            properties["principalId"], properties["clientId"], identity.id, explicit=True
        )
    for resource in world.resources:
        principal_id = (resource.document.get("identity") or {}).get("principalId")
        if principal_id:
            yield _managed(principal_id, client_id(principal_id), resource.id, explicit=False)
    local = machine(world)
    yield _managed(local.object_id, local.app_id, MACHINE_ID, explicit=False)


def _managed(object_id: str, app_id: str, arm_id: str, *, explicit: bool) -> dict[str, Any]:
    return _principal(
        object_id,
        app_id,
        arm_id.rsplit("/", 1)[-1],
        servicePrincipalType="ManagedIdentity",
        alternativeNames=[f"isExplicit={explicit}", arm_id],
    )


def _principal(object_id: str, app_id: str, name: str, **members: Any) -> dict[str, Any]:
    return {
        "id": object_id,
        "appId": app_id,
        "displayName": name,
        "accountEnabled": True,
        "alternativeNames": [],
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "appRoleAssignmentRequired": False,
        "appOwnerOrganizationId": None,
    } | members
