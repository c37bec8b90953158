"""Instances over HTTP. Writes are long-running; statuses and headers are those of recordings."""

from __future__ import annotations

import copy
import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors, guard, lro
from localazure.arm.resources import Resource, created, touched
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider
from localazure.arm.signalr import rules
from localazure.arm.signalr.shape import API_VERSIONS, INSTANCE, TYPE

_UNDER = f"/providers/{TYPE}"
_ONE = f"{GROUP}{_UNDER}/{{name}}"
_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_KEYS = {"primary": "primaryKey", "secondary": "secondaryKey"}

signalr = Provider(TYPE, API_VERSIONS)


def new_access_keys() -> dict[str, str]:
    """Return the hidden part of an instance: its two access keys."""
    return {name: secrets.token_urlsafe(48) for name in _KEYS.values()}


signalr.serves_reads()


@signalr.serves("PUT", _ONE, action="write")
def put_instance(call: Call) -> Response:
    """Create an instance (201), or replace what can be written of the one that is there (200)."""
    call.require_group()
    body = call.content(INSTANCE)
    found = call.world.resources.get(call.path)
    if found is None:
        return _create(call, body)
    fresh = rules.blank(found.id, found.document["location"])
    return _write(call, found, fresh, body, answer_body=True)


@signalr.serves("PATCH", _ONE, action="write")
def patch_instance(call: Call) -> Response:
    """Merge into an instance: an empty 202."""
    found = call.resource(call.path)
    return _write(call, found, found.document, call.content(INSTANCE))


@signalr.serves("DELETE", _ONE, action="delete")
def delete_instance(call: Call) -> Response:
    """Delete an instance: 202, or 204 where there is none."""
    found = call.world.resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    _require_idle(call, found)
    found.document["properties"]["provisioningState"] = "Deleting"
    return lro.accepted(call, call.world.operations.start(found.id, None))


@signalr.serves("POST", f"{_ONE}/listKeys", action="listKeys/action")
def list_keys(call: Call) -> Response:
    """Show the access keys. That they are refused where local auth is off is a guess."""
    found = call.resource(call.path.rpartition("/")[0])
    if found.document["properties"]["disableLocalAuth"]:
        raise errors.Conflict("Access keys are not available: local authentication is disabled.")
    return JSONResponse(found.hidden | _connection_strings(found))


@signalr.serves("POST", f"{_ONE}/regenerateKey", action="regenerateKey/action")
def regenerate_key(call: Call) -> Response:
    """Replace one access key: an operation."""
    found = call.resource(call.path.rpartition("/")[0])
    _require_idle(call, found)
    kind = str(call.content({"keyType": str}).get("keyType")).lower()
    if kind not in _KEYS:
        raise errors.InvalidParameter(f"The key type '{kind}' is neither Primary nor Secondary.")
    result = copy.deepcopy(found)
    result.hidden[_KEYS[kind]] = new_access_keys()[_KEYS[kind]]
    return lro.accepted(call, call.world.operations.start(found.id, result))


@signalr.serves("POST", f"{_ONE}/restart", action="restart/action")
def restart(call: Call) -> Response:
    """Restart an instance: an operation that changes nothing."""
    found = call.resource(call.path.rpartition("/")[0])
    _require_idle(call, found)
    return lro.accepted(call, call.world.operations.start(found.id, copy.deepcopy(found)))


@signalr.serves(
    "POST",
    f"{SUBSCRIPTION}/providers/Microsoft.SignalRService/locations/{{location}}/checkNameAvailability",
    action="read",
)
def check_name(call: Call) -> Response:
    """Tell whether a name is free in all of Azure."""
    name = call.content({"type": str, "name": str}).get("name") or ""
    if not rules.is_valid_name(name):
        return _unavailable("Invalid", f"The name '{name}' is not a valid name.")
    if _named(call, name):
        return _unavailable(
            "AlreadyExists", "The name is already taken. Please try a different name."
        )
    return JSONResponse({"nameAvailable": True, "reason": None, "message": None})


signalr.serves("GET", f"{_ONE}/operationStatuses/{{operation}}", action="read")(lro.status)
signalr.serves("GET", f"{_ONE}/operationResults/{{operation}}", action="read")(lro.result)


def _create(call: Call, body: dict[str, Any]) -> Response:
    named, name = call.parameters, call.parameters["name"]
    if not rules.is_valid_name(name):
        raise errors.InvalidParameter(f"The instance name '{name}' is invalid.")
    if not body.get("location"):
        raise errors.InvalidParameter("An instance needs a location.")
    if _named(call, name):
        raise errors.NameTaken(name)
    arm_id = (
        f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}{_UNDER}/{name}"
    )
    made = Resource(rules.blank(arm_id, body["location"]), new_access_keys())
    result = _merged(call, made, made.document, body)
    result.document["systemData"] = created(call.principal.app_id)
    shown = Resource(copy.deepcopy(result.document), made.hidden)
    shown.document["properties"] |= {"provisioningState": "Creating", "externalIP": None}
    call.world.resources.put(shown)
    operation = call.world.operations.start(arm_id, result)
    return lro.accepted(call, operation, JSONResponse(shown.document, status_code=201))


def _write(
    call: Call,
    found: Resource,
    base: dict[str, Any],
    change: dict[str, Any],
    *,
    answer_body: bool = False,
) -> Response:
    _require_idle(call, found)
    result = _merged(call, found, base, change)
    system_data = found.document.get("systemData", created(call.principal.app_id))
    result.document["systemData"] = system_data | touched(call.principal.app_id)
    found.document["properties"]["provisioningState"] = "Updating"
    operation = call.world.operations.start(found.id, result)
    return lro.accepted(call, operation, JSONResponse(found.document) if answer_body else None)


def _merged(call: Call, found: Resource, base: dict[str, Any], change: dict[str, Any]) -> Resource:
    world = call.world
    document = rules.merged(base, change, world.resources, world.directory.tenant_id)
    for identity_id in rules.newly_assigned(found.document, document):
        guard.authorize_linked(world, call.principal, _ASSIGN, identity_id)
    document["properties"]["provisioningState"] = "Succeeded"
    return Resource(document, found.hidden)


def _require_idle(call: Call, found: Resource) -> None:
    if call.world.operations.running_on(found.id):
        raise errors.Busy(found.id)


def _named(call: Call, name: str) -> bool:
    return any(one.name.lower() == name.lower() for one in call.world.resources.of_type(TYPE))


def _unavailable(reason: str, message: str) -> Response:
    return JSONResponse({"nameAvailable": False, "reason": reason, "message": message})


def _connection_strings(found: Resource) -> dict[str, str]:
    host = found.document["properties"]["hostName"]
    return {
        f"{kind}ConnectionString": f"Endpoint=https://{host};AccessKey={found.hidden[key]};Version=1.0;"
        for kind, key in _KEYS.items()
    }
