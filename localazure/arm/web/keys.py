"""Keys of a Function App's host, and its functions.

Source: Microsoft's "Work with access keys in Azure Functions" and the Microsoft.Web reference.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import Call, Provider
from localazure.arm.web import default_values
from localazure.arm.web.routing import serves, site_of
from localazure.arm.web.site_document import TYPE

_KINDS = {"functionkeys": "functionKeys", "systemkeys": "systemKeys"}
_SHAPE = {
    **dict.fromkeys(("id", "name", "type", "kind"), str),
    "properties": {"name": str, "value": str},
}

function_keys = Provider(TYPE, default_values.API_VERSIONS)


@serves(function_keys, "POST", "/host/default/listkeys", action="host/listkeys/action")
def list_host_keys(call: Call) -> Response:
    """Show the master key, function keys and system keys."""
    return JSONResponse(site_of(call).hidden["keys"])


@serves(function_keys, "PUT", "/host/default/{kind}/{key}", action="host/keys/write")
def put_host_key(call: Call) -> Response:
    """Create or replace a host key; without a value, one is generated: 201."""
    keys = _host_keys(call)
    name = call.parameters["key"]
    given = (call.content(_SHAPE).get("properties") or {}) if call.body else {}
    keys[name] = given.get("value") or secrets.token_urlsafe(40)
    properties = {"name": name, "value": keys[name]}
    return JSONResponse({"name": name, "properties": properties}, status_code=201)


@serves(function_keys, "DELETE", "/host/default/{kind}/{key}", action="host/keys/delete")
def delete_host_key(call: Call) -> Response:
    """Delete a host key: 204. Raises NotFound."""
    if _host_keys(call).pop(call.parameters["key"], None) is None:
        raise errors.NotFound(call.path)
    return Response(status_code=204)


@serves(function_keys, "GET", "/functions", action="functions/read")
def list_functions(call: Call) -> Response:
    """List the functions."""
    found = site_of(call)
    return JSONResponse({"value": [_function(found, name) for name in found.hidden["functions"]]})


@serves(function_keys, "GET", "/functions/{function}", action="functions/read")
def get_function(call: Call) -> Response:
    """Read one function. Raises NotFound."""
    found = site_of(call)
    return JSONResponse(_function(found, _name(call, found)))


@serves(function_keys, "POST", "/functions/{function}/listkeys", action="functions/listkeys/action")
def list_function_keys(call: Call) -> Response:
    """Show a function's own keys."""
    found = site_of(call)
    _name(call, found)
    return JSONResponse({"default": found.hidden["keys"]["functionKeys"]["default"]})


def _host_keys(call: Call) -> dict[str, str]:
    kind = _KINDS.get(call.parameters["kind"].lower())
    if kind is None:
        raise errors.RouteNotFound(call.path)
    keys: dict[str, str] = site_of(call).hidden["keys"][kind]
    return keys


def _name(call: Call, found: Resource) -> str:
    for name in found.hidden["functions"]:
        if name.lower() == call.parameters["function"].lower():
            return str(name)
    raise errors.NotFound(re.sub("/listkeys$", "", call.path))


def _function(found: Resource, name: str) -> dict[str, Any]:
    host = found.document["properties"]["defaultHostName"]
    function = found.hidden["functions"][name]
    route = {"route": function["route"]} if function.get("route") else {}
    binding = {
        "type": "httpTrigger",
        "direction": "in",
        "name": "req",
        "authLevel": function.get("authLevel", "function"),
        **route,
    }
    return {
        "id": f"{found.id}/functions/{name}",
        "name": f"{found.name}/{name}",
        "type": f"{TYPE}/functions",
        "location": found.document["location"],
        "properties": {
            "name": name,
            "function_app_id": found.id,
            "href": f"https://{host}/admin/functions/{name}",
            "config": {"bindings": [binding]},
            "invoke_url_template": f"https://{host}/api/{route.get('route', name)}",
            "isDisabled": bool(function.get("isDisabled")),
        },
    }
