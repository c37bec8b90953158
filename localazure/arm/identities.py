"""User-assigned managed identities (Microsoft.ManagedIdentity)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.resources import Resource, created, touched
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
_ONE = f"{GROUP}/providers/{TYPE}/{{name}}"
# Microsoft's "naming rules and restrictions for Azure resources".
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")
_SHAPE = {
    "id": str,
    "name": str,
    "type": str,
    "systemData": ANYTHING,
    "location": str,
    "tags": ANYTHING,
    # All of these are read only but the isolation scope.
    "properties": {
        "tenantId": str,
        "principalId": str,
        "clientId": str,
        "isolationScope": str,
        "assignmentRestrictions": ANYTHING,
    },
}

identities = Provider(
    TYPE,
    (
        "2018-11-30",
        "2021-09-30-preview",
        "2022-01-31-preview",
        "2023-01-31",
        "2023-07-31-preview",
        "2024-11-30",
        "2025-01-31-preview",
        "2025-05-31-preview",
    ),
)


def identity(arm_id: str, location: str, tenant_id: str, **properties: str) -> Resource:
    """Return a new identity; its principal and client ids are made unless they are given."""
    return Resource(
        {
            "location": location,
            "tags": {},
            "id": arm_id,
            "name": arm_id.rsplit("/", 1)[-1],
            "type": TYPE,
            "properties": {
                "tenantId": tenant_id,
                "principalId": str(uuid.uuid4()),
                "clientId": str(uuid.uuid4()),
                **properties,
            },
            "systemData": created("local-azure"),
        }
    )


def _id(call: Call) -> str:
    named = call.parameters
    return (
        f"/subscriptions/{named['subscription']}/resourcegroups/{named['group']}"
        f"/providers/{TYPE}/{named['name']}"
    )


identities.serves_reads()


@identities.serves("PUT", _ONE, action="write")
def put_identity(call: Call) -> Response:
    """Create an identity, or write location and tags of the one that is there."""
    call.require_group()
    body = call.content(_SHAPE)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _update(call, found, body)
    name = call.parameters["name"]
    if not _NAME.fullmatch(name):
        raise errors.InvalidParameter(f"The identity name '{name}' is invalid.")
    if not body.get("location"):
        raise errors.InvalidParameter("An identity needs a location.")
    made = identity(_id(call), body["location"], call.world.directory.tenant_id)
    made.document["tags"] = body.get("tags") or {}
    made.document["systemData"] = created(call.principal.app_id)
    call.world.resources.put(made)
    return JSONResponse(made.document, status_code=201)


@identities.serves("PATCH", _ONE, action="write")
def patch_identity(call: Call) -> Response:
    """Write the tags."""
    return _update(call, call.resource(call.path), call.content(_SHAPE))


@identities.serves("DELETE", _ONE, action="delete")
def delete_identity(call: Call) -> Response:
    """Delete an identity; instances that use it keep naming it, as in Azure."""
    if call.world.resources.get(call.path) is None:
        return Response(status_code=204)
    call.world.resources.remove(call.path)
    return Response(status_code=200)


def _update(call: Call, found: Resource, body: dict[str, Any]) -> Response:
    if "tags" in body:
        found.document["tags"] = body["tags"] or {}
    found.document["systemData"] |= touched(call.principal.app_id)
    return JSONResponse(found.document)
