"""Private endpoints (Microsoft.Network), as far as they connect to an instance of SignalR.

No virtual network is behind them: a private endpoint only creates the connection that the instance
shows, pending or approved. Creating one ends at once, unlike in Azure.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.signalr import private_endpoints

TYPE = "Microsoft.Network/privateEndpoints"
_ONE = f"{GROUP}/providers/{TYPE}/{{name}}"
_SHAPE = {
    "id": str,
    "name": str,
    "type": str,
    "location": str,
    "tags": ANYTHING,
    "properties": ANYTHING,
}
# Which list of connections a request uses, and the state in which its connections begin.
_STATES = {
    "privateLinkServiceConnections": "Approved",
    "manualPrivateLinkServiceConnections": "Pending",
}

endpoints = Provider(
    TYPE,
    (
        "2020-05-01",
        "2020-07-01",
        "2021-08-01",
        "2022-01-01",
        "2022-09-01",
        "2023-04-01",
        "2023-05-01",
        "2023-09-01",
        "2024-01-01",
        "2024-05-01",
        "2024-07-01",
    ),
)
endpoints.serves_reads()


@endpoints.serves("PUT", _ONE, action="write")
def put_endpoint(call: Call) -> Response:
    """Create a private endpoint and its connections; an existing one is returned unchanged."""
    found = call.world.resources.get(call.path)
    if found is not None:
        return call.json(found.document)
    body = call.content(_SHAPE)
    if not body.get("location"):
        raise errors.InvalidParameter("A private endpoint requires a location.")
    made = _endpoint(call, body)
    for kind, status in _STATES.items():
        for one in made.document["properties"][kind]:
            target = call.resource(one["properties"]["privateLinkServiceId"])
            private_endpoints.connect(call.world.resources, target, made.id, status)
    call.world.resources.put(made)
    return call.json(made.document, 201)


@endpoints.serves("DELETE", _ONE, action="delete")
def delete_endpoint(call: Call) -> Response:
    """Delete a private endpoint with its connections."""
    found = call.world.resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    for one in list(call.world.resources.of_type(private_endpoints.CONNECTION_TYPE)):
        if one.document["properties"]["privateEndpoint"]["id"].lower() == found.id.lower():
            private_endpoints.disconnect(call.world.resources, one)
    call.world.resources.remove(found.id)
    return Response(status_code=200)


def _endpoint(call: Call, body: dict[str, Any]) -> Resource:
    named, given = call.parameters, body.get("properties") or {}
    arm_id = (
        f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}"
        f"/providers/{TYPE}/{named['name']}"
    )
    connections = {
        kind: [_connection(arm_id, kind, status, one) for one in given.get(kind) or []]
        for kind, status in _STATES.items()
    }
    properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": str(uuid.uuid4()),
        **connections,
        "subnet": given.get("subnet"),
        "ipConfigurations": [],
        "networkInterfaces": [],
        "customDnsConfigs": [],
    }
    return Resource(
        {
            "name": named["name"],
            "id": arm_id,
            "type": TYPE,
            "location": body["location"],
            "tags": body.get("tags") or {},
            "properties": properties,
        }
    )


def _connection(endpoint_id: str, kind: str, status: str, given: dict[str, Any]) -> dict[str, Any]:
    properties = given.get("properties") or {}
    if not properties.get("privateLinkServiceId"):
        raise errors.InvalidParameter("A connection requires a privateLinkServiceId.")
    return {
        "name": given.get("name"),
        "id": f"{endpoint_id}/{kind}/{given.get('name')}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": properties["privateLinkServiceId"],
            "groupIds": properties.get("groupIds") or [],
            "privateLinkServiceConnectionState": {
                "status": status,
                "description": "Awaiting Approval" if status == "Pending" else None,
                "actionsRequired": "None",
            },
        },
        "type": f"{TYPE}/{kind}",
    }
