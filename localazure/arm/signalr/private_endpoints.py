"""Private endpoint connections of an instance, and the resources that they can connect to.

Creating a private endpoint (Microsoft.Network) that names the instance creates a connection.
Source: Microsoft's recordings of `az network private-endpoint-connection` (2021 and 2023).
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.async_operations import responses
from localazure.arm.async_operations.operations import Operation
from localazure.arm.resources import Resource, Resources, created
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.signalr.instance_document import SUCCEEDED, has_traces, normalised
from localazure.arm.signalr.network_access import endpoint_acls
from localazure.arm.signalr.shape import (
    ENVELOPE,
    HEADERS,
    PUBLISHED,
    SINCE,
    TYPE,
    addresses,
    is_legacy,
)
from localazure.arm.versions import ApiVersions

CONNECTION_TYPE = f"{TYPE}/privateEndpointConnections"
GROUP_ID = "signalr"
_INSTANCE = f"{GROUP}/providers/{TYPE}/{{name}}"
_ONE = f"{_INSTANCE}/privateEndpointConnections/{{connection}}"
_SHAPE = ENVELOPE | {
    "properties": {
        "provisioningState": str,
        "privateEndpoint": {"id": str},
        "groupIds": [str],
        "privateLinkServiceConnectionState": {
            "status": str,
            "description": str,
            "actionsRequired": str,
        },
    }
}
_SINCE = {path: SINCE[path] for path in ("systemData", "properties.groupIds")}
_FIRST_VERSION = "2020-05-01"
_VERSIONS = ApiVersions((one for one in PUBLISHED if one >= _FIRST_VERSION), since=_SINCE)

connections = Provider(CONNECTION_TYPE, _VERSIONS, headers=HEADERS)
link_resources = Provider(f"{TYPE}/privateLinkResources", _VERSIONS, headers=HEADERS)


def connections_of(resources: Resources, instance_id: str) -> list[Resource]:
    """Return the private endpoint connections of an instance, oldest first."""
    return list(resources.of_type(CONNECTION_TYPE, instance_id))


def connect(
    resources: Resources,
    instance: Resource,
    endpoint_id: str,
    status: str = "Pending",
    name: str | None = None,
) -> Resource:
    """Add a connection from a private endpoint, and an ACL for it that allows everything."""
    name = name or f"{instance.name}.{uuid.uuid4()}"
    state = {"status": status, "description": None, "actionsRequired": "None"}
    made = Resource(
        {
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": {"id": endpoint_id},
                "groupIds": [GROUP_ID],
                "privateLinkServiceConnectionState": state,
            },
            "id": f"{instance.id}/privateEndpointConnections/{name}",
            "name": name,
            "type": CONNECTION_TYPE,
        }
    )
    resources.put(made)
    _update_acls(resources, instance)
    return made


def disconnect(resources: Resources, connection: Resource) -> None:
    """Remove a connection and its ACL."""
    resources.remove(connection.id)
    instance = resources.get(connection.id.rsplit("/", 2)[0])
    if instance is not None:
        _update_acls(resources, instance)


@connections.serves("GET", f"{_INSTANCE}/privateEndpointConnections", action="read")
def list_connections(call: Call) -> Response:
    """List an instance's connections."""
    instance = call.resource(call.path.rpartition("/")[0])
    return call.page(connections_of(call.world.resources, instance.id))


@connections.serves("GET", _ONE, action="read")
def get_connection(call: Call) -> Response:
    """Read one connection."""
    return call.json(call.resource(call.path).document)


@connections.serves("PUT", _ONE, action="write")
def put_connection(call: Call) -> Response:
    """Approve or reject a connection: 200 with the new state, which is still `Updating`."""
    found = call.resource(call.path)
    properties = call.content(_SHAPE).get("properties") or {}
    requested: dict[str, Any] = properties.get("privateLinkServiceConnectionState") or {}
    if requested.get("status") not in ("Approved", "Rejected"):
        raise errors.InvalidParameter("The status of a connection must be Approved or Rejected.")
    call.world.operations.end_unpolled(found.id)
    if call.world.operations.running_on(found.id):
        raise errors.Busy(found.id)
    before = copy.deepcopy(found)
    own = found.document["properties"]
    own["privateLinkServiceConnectionState"] |= requested
    own["provisioningState"] = "Updating"
    found.document["systemData"] = created(call.principal.app_id)
    operation = call.world.operations.start(found.id, SUCCEEDED, before)
    answer = call.json(found.document)
    return _accepted(call, operation, answer, has_result=False)


@connections.serves("DELETE", _ONE, action="delete")
def delete_connection(call: Call) -> Response:
    """Delete a connection: 202; it is deleted at once."""
    found = call.world.resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    disconnect(call.world.resources, found)
    return _accepted(call, call.world.operations.start(found.id))


@link_resources.serves("GET", f"{_INSTANCE}/privateLinkResources", action="read")
def list_link_resources(call: Call) -> Response:
    """List the private link resources: the service itself."""
    instance = call.resource(call.path.rpartition("/")[0])
    properties = {
        "groupId": GROUP_ID,
        "requiredMembers": [GROUP_ID],
        "requiredZoneNames": ["privatelink.service.signalr.net"],
    }
    resource = {
        "properties": properties,
        "id": f"{instance.id}/privateLinkResources/{GROUP_ID}",
        "name": GROUP_ID,
        "type": "privateLinkResources",
    }
    return call.json({"value": [resource]})


def _accepted(
    call: Call,
    operation: Operation,
    response: Response | None = None,
    *,
    has_result: bool = True,
) -> Response:
    """Answer with URLs to poll under the instance, or its location where it is old (recorded)."""
    instance = call.resource(operation.resource_id.rsplit("/", 2)[0])
    is_old = is_legacy(call.api_version) and not has_traces(instance.document)
    where = addresses(call.api_version, by_location=is_old)
    where = where if has_result else replace(where, result="")
    polling = responses.Polling(instance.id, where, normalised(instance.document["location"]))
    return responses.accepted(call, operation, response, polling)


def _update_acls(resources: Resources, instance: Resource) -> None:
    acls = instance.document["properties"].get("networkACLs")
    if acls is not None:
        names = [one.name for one in connections_of(resources, instance.id)]
        acls["privateEndpoints"] = endpoint_acls(
            acls.get("privateEndpoints") or [], names, traces=has_traces(instance.document)
        )
