"""Role definitions, built-in and custom, and a caller's own permissions over HTTP."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.authorization import roles
from localazure.arm.authorization.provider import (
    API_VERSIONS,
    HEADERS,
    PREFIX,
    RoleDefinitionNotFound,
    UnsupportedFilter,
)
from localazure.arm.authorization.roles import DEFINITION_TYPE, Role
from localazure.arm.guard import roles_of
from localazure.arm.resources import Resource, timestamp
from localazure.arm.routing import Call, Provider

_ONE = f"{PREFIX}/roleDefinitions/{{name}}"
_CLAUSE = re.compile(
    r"atScope(?:AndBelow)?\(\)|roleName eq '(?P<name>[^']+)'|type eq '(?P<type>[^']+)'",
    re.IGNORECASE,
)
_PERMISSION = {name: [str] for name in ("actions", "notActions", "dataActions", "notDataActions")}
_SHAPE = {
    **dict.fromkeys(("id", "name", "type"), str),
    "properties": {
        **dict.fromkeys(("roleName", "description", "type"), str),
        "assignableScopes": [str],
        "permissions": [_PERMISSION],
        **dict.fromkeys(("createdOn", "updatedOn", "createdBy", "updatedBy"), str),
    },
}

definitions = Provider(DEFINITION_TYPE, API_VERSIONS, headers=HEADERS)
permissions = Provider("Microsoft.Authorization/permissions", API_VERSIONS, headers=HEADERS)


@definitions.serves("GET", "/providers/Microsoft.Authorization/roleDefinitions/{name}", action="")
@definitions.serves("GET", _ONE, action="read")
def get_definition(call: Call) -> Response:
    """Read a role by its GUID. Raises RoleDefinitionNotFound."""
    role = roles.find(call.parameters["name"], call.world.resources)
    if role is None:
        raise RoleDefinitionNotFound(call.parameters["name"])
    return JSONResponse(_document(call, role))


@definitions.serves("GET", "/providers/Microsoft.Authorization/roleDefinitions", action="")
@definitions.serves("GET", f"{PREFIX}/roleDefinitions", action="read")
def list_definitions(call: Call) -> Response:
    """List the roles; `$filter` takes `roleName eq '...'` and `type eq '...'`."""
    text = call.request.query_params.get("$filter", "")
    name = kind = None
    for clause in re.split(" and ", text, flags=re.IGNORECASE) if text else []:
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise UnsupportedFilter(text)
        name, kind = match["name"] or name, match["type"] or kind
    found = [
        role
        for role in [*roles.BUILT_IN, *roles.custom(call.world.resources)]
        if (name is None or role.name.lower() == name.lower())
        and (kind is None or role.type.lower() == kind.lower())
    ]
    return JSONResponse({"value": [_document(call, role) for role in found]})


@definitions.serves("PUT", _ONE, action="write")
def put_definition(call: Call) -> Response:
    """Create or replace a custom role: 201."""
    given = call.content(_SHAPE).get("properties") or {}
    name = call.parameters["name"]
    if not (given.get("roleName") and given.get("assignableScopes")):
        raise errors.InvalidParameter("A custom role requires a roleName and assignableScopes.")
    held = {
        one: tuple(permission.get(one) or ())
        for permission in given.get("permissions") or []
        for one in _PERMISSION
    }
    role = Role(
        id=name,
        name=given["roleName"],
        description=given.get("description") or "",
        actions=held.get("actions", ()),
        not_actions=held.get("notActions", ()),
        data_actions=held.get("dataActions", ()),
        not_data_actions=held.get("notDataActions", ()),
        type="CustomRole",
        assignable_scopes=tuple(given["assignableScopes"]),
        created_on=timestamp(),
    )
    document = {"id": roles.custom_id(name), "type": DEFINITION_TYPE, "name": name}
    call.world.resources.put(Resource(document, role.to_json()))
    return JSONResponse(_document(call, role), status_code=201)


@definitions.serves("DELETE", _ONE, action="delete")
def delete_definition(call: Call) -> Response:
    """Delete a custom role: 200 with what it was, or 204."""
    name = call.parameters["name"]
    found = call.world.resources.get(roles.custom_id(name))
    if found is None:
        return Response(status_code=204)
    answer = JSONResponse(_document(call, Role.from_json(found.hidden)))
    call.world.resources.remove(found.id)
    return answer


@permissions.serves("GET", f"{PREFIX}/permissions", action="")
def list_permissions(call: Call) -> Response:
    """List what the caller may do at the scope."""
    held = roles_of(call.world, call.principal.object_id, f"/{call.parameters['scope']}")
    return JSONResponse({"value": [_permissions(role) for role in held]})


def _document(call: Call, role: Role) -> dict[str, Any]:
    """Return a definition; its id begins with the subscription of the request's scope."""
    scope = f"/{call.parameters.get('scope', '')}".split("/")
    in_subscription = scope[1].lower() == "subscriptions" if len(scope) > 2 else False  # noqa: PLR2004
    prefix = "/".join(scope[:3]) if in_subscription else ""
    return {
        "properties": {
            "roleName": role.name,
            "type": role.type,
            "description": role.description,
            "assignableScopes": role.assignable_scopes,
            "permissions": [_permissions(role)],
            "createdOn": role.created_on,
            "updatedOn": role.created_on,
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"{prefix}/providers/{DEFINITION_TYPE}/{role.id}",
        "type": DEFINITION_TYPE,
        "name": role.id,
    }


def _permissions(role: Role) -> dict[str, Any]:
    return {
        "actions": role.actions,
        "notActions": role.not_actions,
        "dataActions": role.data_actions,
        "notDataActions": role.not_data_actions,
    }
