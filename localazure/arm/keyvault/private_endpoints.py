"""Private endpoint connections of a vault: approved, rejected and deleted by its owner."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm.errors import NotFound
from localazure.arm.keyvault.vault_document import API_VERSIONS, SERVICE_HEADERS, TYPE
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING

_VAULT = f"{GROUP}/providers/{TYPE}/{{name}}"
_CONNECTIONS = f"{_VAULT}/privateEndpointConnections"
_SHAPE = {
    **dict.fromkeys(("id", "name", "type", "location", "etag"), str),
    "tags": ANYTHING,
    "properties": {
        "privateEndpoint": {"id": str},
        "privateLinkServiceConnectionState": {
            "status": str,
            "description": str,
            "actionsRequired": str,
            "actionRequired": str,
        },
        "provisioningState": str,
    },
}

vault_connections = Provider(TYPE, API_VERSIONS, headers=SERVICE_HEADERS)


@vault_connections.serves("GET", _CONNECTIONS, action="privateEndpointConnections/read")
def list_connections(call: Call) -> Response:
    """List the vault's connections."""
    vault = call.resource(call.path.rpartition("/")[0])
    return JSONResponse({"value": [_shown(vault, one) for one in _connections(vault)]})


@vault_connections.serves(
    "GET", f"{_CONNECTIONS}/{{connection}}", action="privateEndpointConnections/read"
)
def get_connection(call: Call) -> Response:
    """Read a connection. Raises NotFound."""
    vault, found = _found(call)
    return JSONResponse(_shown(vault, found))


@vault_connections.serves(
    "PUT", f"{_CONNECTIONS}/{{connection}}", action="privateEndpointConnections/write"
)
def put_connection(call: Call) -> Response:
    """Approve or reject a connection. Raises NotFound."""
    vault, found = _found(call)
    given = (call.content(_SHAPE).get("properties") or {}).get("privateLinkServiceConnectionState")
    state = found["properties"].setdefault("privateLinkServiceConnectionState", {})
    state |= {name: value for name, value in (given or {}).items() if value is not None}
    return JSONResponse(_shown(vault, found))


@vault_connections.serves(
    "DELETE", f"{_CONNECTIONS}/{{connection}}", action="privateEndpointConnections/delete"
)
def delete_connection(call: Call) -> Response:
    """Delete a connection: 200, or 204 where there is none."""
    vault = _vault(call)
    name = call.parameters["connection"].lower()
    left = [one for one in _connections(vault) if _name(one).lower() != name]
    is_gone = len(left) == len(_connections(vault))
    vault.document["properties"]["privateEndpointConnections"] = left
    return Response(status_code=204 if is_gone else 200)


@vault_connections.serves(
    "GET", f"{_VAULT}/privateLinkResources", action="privateLinkResources/read"
)
def list_link_resources(call: Call) -> Response:
    """List the parts of a vault that a private endpoint can connect to."""
    vault = call.resource(call.path.rpartition("/")[0])
    one = {
        "id": f"{vault.id}/privateLinkResources/vault",
        "name": "vault",
        "type": f"{TYPE}/privateLinkResources",
        "properties": {
            "groupId": "vault",
            "requiredMembers": ["default"],
            "requiredZoneNames": ["privatelink.vaultcore.azure.net"],
        },
    }
    return JSONResponse({"value": [one]})


def _connections(vault: Resource) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = (
        vault.document["properties"].get("privateEndpointConnections") or []
    )
    return held


def _found(call: Call) -> tuple[Resource, dict[str, Any]]:
    vault, name = _vault(call), call.parameters["connection"].lower()
    for one in _connections(vault):
        if _name(one).lower() == name:
            return vault, one
    raise NotFound(call.path)


def _vault(call: Call) -> Resource:
    return call.resource(re.split("/privateEndpointConnections", call.path, flags=re.IGNORECASE)[0])


def _name(connection: dict[str, Any]) -> str:
    return str(connection.get("id", "")).rsplit("/", 1)[-1]


def _shown(vault: Resource, connection: dict[str, Any]) -> dict[str, Any]:
    return {
        "location": vault.document["location"],
        "tags": {},
        "type": f"{TYPE}/privateEndpointConnections",
        "name": _name(connection),
        **connection,
    }
