"""Instances over HTTP. Writes are long-running; statuses, bodies and headers are recorded."""

from __future__ import annotations

import base64
import copy
import secrets
from typing import Any

from starlette.responses import Response

from localazure.arm import errors, guard
from localazure.arm.async_operations import responses
from localazure.arm.async_operations.operations import Operation
from localazure.arm.resources import Resource, created, touched
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.signalr import catalogue, instance_document
from localazure.arm.signalr.private_endpoints import CONNECTION_TYPE, connections_of
from localazure.arm.signalr.shape import (
    HEADERS,
    INSTANCE,
    NAMESPACE,
    TYPE,
    VERSIONS,
    addresses,
    is_legacy,
)
from localazure.world import World

Document = dict[str, Any]

_UNDER = f"/providers/{TYPE}"
_ONE = f"{GROUP}{_UNDER}/{{name}}"
_LOCATION = f"{GROUP}/providers/{NAMESPACE}/locations/{{location}}"
_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_KEYS = {"primary": "primaryKey", "secondary": "secondaryKey"}
_KEY_BYTES = 32
# Child resources that an instance lists among its own properties.
_LISTED = {
    "privateEndpointConnections": CONNECTION_TYPE,
    "sharedPrivateLinkResources": f"{TYPE}/sharedPrivateLinkResources",
}


def view(world: World, instance: Resource) -> Document:
    """Return an instance with the connections and links that are resources of their own."""
    document = instance.document
    own = document["properties"]
    listed = {
        name: [one.document for one in world.resources.of_type(kind, instance.id)]
        for name, kind in _LISTED.items()
    }
    return document | {
        "properties": {name: listed.get(name) or value for name, value in own.items()}
    }


signalr = Provider(TYPE, VERSIONS, headers=HEADERS, view=view)


def new_access_keys() -> dict[str, str]:
    """Return the hidden part of an instance: its two access keys."""
    return {name: _new_key() for name in _KEYS.values()}


signalr.serves_reads()


@signalr.serves("PUT", _ONE, action="write")
def put_instance(call: Call) -> Response:
    """Create an instance (201), or replace all settings of an existing one (202, no body)."""
    body = call.content(INSTANCE)
    found = call.world.resources.get(call.path)
    if found is None:
        return _create(call, body)
    traces = instance_document.has_traces(found.document)
    base = instance_document.blank(found.id, found.document["location"], traces=traces)
    return _write(call, found, base, body)


@signalr.serves("PATCH", _ONE, action="write")
def patch_instance(call: Call) -> Response:
    """Merge into an instance (202, no body)."""
    found = call.resource(call.path)
    return _write(call, found, found.document, call.content(INSTANCE))


@signalr.serves("DELETE", _ONE, action="delete")
def delete_instance(call: Call) -> Response:
    """Delete an instance with everything under it: 204, at once."""
    found = call.world.resources.get(call.path)
    if found is not None:
        call.world.operations.end_unpolled(found.id)
        for child in call.world.resources.under(found.id):
            call.world.resources.remove(child.id)
        call.world.resources.remove(found.id)
    return Response(status_code=204)


@signalr.serves("POST", f"{_ONE}/listKeys", action="listKeys/action")
def list_keys(call: Call) -> Response:
    """Return the access keys. That Azure refuses it without local authentication is ours."""
    found = _parent(call)
    if found.document["properties"]["disableLocalAuth"]:
        raise errors.Conflict("Access keys are not available: local authentication is disabled.")
    return call.json(_keys(found))


@signalr.serves("POST", f"{_ONE}/regenerateKey", action="regenerateKey/action")
def regenerate_key(call: Call) -> Response:
    """Replace one access key: an operation whose first answer has the new keys."""
    found = _parent(call)
    _require_idle(call, found)
    kind = str(call.content({"keyType": str}).get("keyType")).lower()
    if kind not in _KEYS:
        raise errors.InvalidParameter(f"The key type '{kind}' is neither Primary nor Secondary.")
    found.hidden[_KEYS[kind]] = _new_key()
    operation = call.world.operations.start(found.id)
    status_code = 201 if is_legacy(call.api_version) else 202
    return _accepted(call, operation, call.json(_keys(found), status_code))


@signalr.serves("POST", f"{_ONE}/restart", action="restart/action")
def restart(call: Call) -> Response:
    """Restart an instance: an operation that changes nothing."""
    found = _parent(call)
    _require_idle(call, found)
    return _accepted(call, call.world.operations.start(found.id))


@signalr.serves("GET", f"{_ONE}/skus", action="skus/read")
def list_skus(call: Call) -> Response:
    """List the SKUs that an instance can change to."""
    _parent(call)
    return call.json({"value": catalogue.skus()})


for _kind, _handler in (("Statuses", responses.status), ("Results", responses.result)):
    signalr.serves("GET", f"{_ONE}/operation{_kind}/{{operation}}", action="read")(_handler)
signalr.serves(
    "GET", f"{_LOCATION}/operationStatuses/{{name}}/operationId/{{operation}}", action="read"
)(responses.status)
signalr.serves(
    "GET", f"{_LOCATION}/operationResults/{{operation}}/SignalR/{{name}}", action="read"
)(responses.result)


def _create(call: Call, body: Document) -> Response:
    named, name = call.parameters, call.parameters["name"]
    if not instance_document.is_valid_name(name):
        raise errors.InvalidParameter(f"The instance name '{name}' is invalid.")
    if not body.get("location"):
        raise errors.InvalidParameter("An instance requires a location.")
    if catalogue.is_taken(call, name):
        raise errors.NameTaken(name)
    scope = f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}"
    traces = not is_legacy(call.api_version)
    blank = instance_document.blank(f"{scope}{_UNDER}/{name}", body["location"], traces=traces)
    made = Resource(blank, new_access_keys())
    made.document = _merged(call, made, made.document, body)
    made.document["properties"] |= instance_document.CREATING
    made.document["systemData"] = created(call.principal.app_id)
    call.world.resources.put(made)
    operation = call.world.operations.start(made.id, instance_document.CREATED)
    return _accepted(call, operation, call.json(view(call.world, made), 201))


def _write(call: Call, found: Resource, base: Document, change: Document) -> Response:
    _require_idle(call, found)
    before = copy.deepcopy(found)
    document = _merged(call, found, base, change)
    document["properties"] |= instance_document.UPDATING
    system_data = found.document.get("systemData", created(call.principal.app_id))
    document["systemData"] = system_data | touched(call.principal.app_id)
    found.document = document
    return _accepted(
        call, call.world.operations.start(found.id, instance_document.SUCCEEDED, before)
    )


def _merged(call: Call, found: Resource, base: Document, change: Document) -> Document:
    world = call.world
    names = [one.name for one in connections_of(world.resources, found.id)]
    document = instance_document.merged(
        base, change, world.resources, world.directory.tenant_id, names
    )
    for identity_id in instance_document.newly_assigned(found.document, document):
        guard.authorize_linked(world, call.principal, _ASSIGN, identity_id)
    return document


def _accepted(call: Call, operation: Operation, response: Response | None = None) -> Response:
    instance = call.resource(operation.resource_id)
    location = instance_document.normalised(instance.document["location"])
    where = addresses(call.api_version, by_location=is_legacy(call.api_version))
    polling = responses.Polling(instance.id, where, location)
    return responses.accepted(call, operation, response, polling)


def _require_idle(call: Call, found: Resource) -> None:
    """Refuse a write while a client polls another one (ours). Raises Busy."""
    call.world.operations.end_unpolled(found.id)
    if call.world.operations.running_on(found.id):
        raise errors.Busy(found.id)


def _parent(call: Call) -> Resource:
    return call.resource(call.path.rpartition("/")[0])


def _keys(found: Resource) -> dict[str, str]:
    host = found.document["properties"]["hostName"]
    keys = {key: found.hidden[key] for key in _KEYS.values()}
    return keys | {
        f"{kind}ConnectionString": f"Endpoint=https://{host};AccessKey={keys[key]};Version=1.0;"
        for kind, key in _KEYS.items()
    }


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
