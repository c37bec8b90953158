"""All service principals of the home tenant: applications' and managed identities'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localazure.arm.identities.user_assigned import TYPE as USER_ASSIGNED
from localazure.arm.signalr.shape import TYPE as SIGNALR
from localazure.entra.managed import client_id
from localazure.world import World


def service_principals(world: World) -> Iterator[dict[str, Any]]:
    """Yield them as Microsoft Graph's servicePrincipal."""
    for application in world.directory.applications():
        yield _principal(
            application.principal_id,
            application.app_id,
            application.display_name,
            servicePrincipalNames=[application.app_id, *application.identifier_uris],
        )
    for identity in world.resources.of_type(USER_ASSIGNED):
        properties = identity.document["properties"]
        yield _managed(
            properties["principalId"], properties["clientId"], identity.id, explicit=True
        )
    for instance in world.resources.of_type(SIGNALR):
        principal_id = (instance.document.get("identity") or {}).get("principalId")
        if principal_id:
            yield _managed(principal_id, client_id(principal_id), instance.id, explicit=False)


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
    } | members
