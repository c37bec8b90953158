"""The system-assigned identity of a resource, with the client id that the resource does not show.

GET /{scope}/providers/Microsoft.ManagedIdentity/identities/default.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.identities.user_assigned import API_VERSIONS
from localazure.arm.routing import Call, Provider
from localazure.entra.directory.managed_identities import client_id

TYPE = "Microsoft.ManagedIdentity/identities"

system_identities = Provider(TYPE, API_VERSIONS)


@system_identities.serves("GET", f"/{{scope:path}}/providers/{TYPE}/default", action="read")
def get_by_scope(call: Call) -> Response:
    """Read the identity of the resource that the scope names. Raises NotFound."""
    resource = call.resource(f"/{call.parameters['scope']}")
    identity = resource.document.get("identity") or {}
    if "principalId" not in identity:
        raise errors.NotFound(call.path)
    return JSONResponse(
        {
            "id": f"{resource.id}/providers/{TYPE}/default",
            "name": "default",
            "type": TYPE,
            "location": resource.document["location"],
            "properties": {
                "tenantId": identity["tenantId"],
                "principalId": identity["principalId"],
                "clientId": client_id(identity["principalId"]),
            },
        }
    )
