"""User-assigned managed identities."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.versions import ApiVersions

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
API_VERSIONS = ApiVersions(
    (
        "2015-08-31-preview",
        "2018-11-30",
        "2021-09-30-preview",
        "2022-01-31-preview",
        "2023-01-31",
        "2023-07-31-preview",
        "2024-11-30",
        "2025-01-31-preview",
        "2025-05-31-preview",
    ),
    since={
        "properties.isolationScope": "2024-11-30",
        "properties.assignmentRestrictions": "2025-05-31-preview",
    },
)
ONE = f"{GROUP}/providers/{TYPE}/{{name}}"
# Microsoft's "Naming rules and restrictions for Azure resources".
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")
_WRITABLE = ("isolationScope", "assignmentRestrictions")
_SHAPE = {
    "id": str,
    "name": str,
    "type": str,
    "systemData": ANYTHING,
    "location": str,
    "tags": ANYTHING,
    "properties": {
        "tenantId": str,
        "principalId": str,
        "clientId": str,
        "isolationScope": str,
        "assignmentRestrictions": ANYTHING,
    },
}

identities = Provider(TYPE, API_VERSIONS)


def identity(arm_id: str, location: str, tenant_id: str, **properties: str) -> Resource:
    """Return a new identity, with new principal and client ids unless they are given.

    As recorded, an identity shows no `systemData`.
    """
    return Resource(
        {
            "id": arm_id,
            "name": arm_id.rsplit("/", 1)[-1],
            "type": TYPE,
            "location": location,
            "tags": {},
            "properties": {
                "tenantId": tenant_id,
                "principalId": str(uuid.uuid4()),
                "clientId": str(uuid.uuid4()),
                **properties,
            },
        }
    )


def identity_id(call: Call) -> str:
    """Return the id of the identity that the path names, spelled as its provider spells it."""
    named = call.parameters
    return (
        f"/subscriptions/{named['subscription']}/resourcegroups/{named['group']}"
        f"/providers/{TYPE}/{named['name']}"
    )


identities.serves_reads()


@identities.serves("PUT", ONE, action="write")
def put_identity(call: Call) -> Response:
    """Create an identity (201), or write the tags of an existing one."""
    body = call.content(_SHAPE)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _update(call, found, body)
    name = call.parameters["name"]
    if not _NAME.fullmatch(name):
        raise errors.InvalidParameter(f"The identity name '{name}' is invalid.")
    if not body.get("location"):
        raise errors.InvalidParameter("An identity requires a location.")
    made = identity(identity_id(call), body["location"], call.world.directory.tenant_id)
    _update(call, made, body)
    call.world.resources.put(made)
    answer = call.json(made.document, 201)
    answer.headers["Location"] = made.id
    return answer


@identities.serves("PATCH", ONE, action="write")
def patch_identity(call: Call) -> Response:
    """Write the tags."""
    return _update(call, call.resource(call.path), call.content(_SHAPE))


@identities.serves("DELETE", ONE, action="delete")
def delete_identity(call: Call) -> Response:
    """Delete an identity: 200, or 204. Instances that use it keep its name, as in Azure."""
    resources = call.world.resources
    if resources.get(call.path) is None:
        return Response(status_code=204)
    for credential in list(resources.of_type(f"{TYPE}/federatedIdentityCredentials", call.path)):
        resources.remove(credential.id)
    resources.remove(call.path)
    return Response(status_code=200)


@identities.serves(
    "POST", f"{ONE}/listAssociatedResources", action="listAssociatedResources/action"
)
def list_associated_resources(call: Call) -> Response:
    """List the resources that use an identity."""
    found = call.resource(call.path.rpartition("/")[0])
    using = [_associated(one) for one in call.world.resources if _uses(one, found.id)]
    return JSONResponse({"totalCount": len(using), "value": using})


def _update(call: Call, found: Resource, body: dict[str, Any]) -> Response:
    if body.get("tags") is not None:
        found.document["tags"] = body["tags"]
    given = body.get("properties") or {}
    found.document["properties"] |= {
        name: given[name] for name in _WRITABLE if given.get(name) is not None
    }
    return call.json(found.document)


def _uses(resource: Resource, identity_id: str) -> bool:
    assigned = (resource.document.get("identity") or {}).get("userAssignedIdentities") or {}
    return any(one.lower() == identity_id.lower() for one in assigned)


def _associated(resource: Resource) -> dict[str, Any]:
    _, _, subscription, _, group, *_ = resource.id.split("/")
    return {
        "id": resource.id,
        "name": resource.name,
        "type": resource.type,
        "resourceGroup": group,
        "subscriptionId": subscription,
        "subscriptionDisplayName": subscription,
    }
