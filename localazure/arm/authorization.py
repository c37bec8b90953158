"""Role assignments, role definitions and the caller's own permissions (Microsoft.Authorization).

An assignment acts at once; in Azure it may take up to half an hour.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors, roles
from localazure.arm.resources import Resource
from localazure.arm.roles import ASSIGNMENT_TYPE, Role
from localazure.arm.routing import Call, Provider

_PREFIX = "/{scope:path}/providers/Microsoft.Authorization"
_ONE = f"{_PREFIX}/roleAssignments/{{name}}"
_VERSIONS = (
    "2015-07-01",
    "2018-01-01-preview",
    "2018-07-01",
    "2020-04-01-preview",
    "2022-04-01",
    "2022-05-01-preview",
)
_SHAPE = {
    "properties": {
        "roleDefinitionId": str,
        "principalId": str,
        "principalType": str,
        "description": str,
        "condition": str,
        "conditionVersion": str,
        "delegatedManagedIdentityResourceId": str,
        "scope": str,
    }
}
_PRINCIPAL_FILTER = re.compile(
    r"(?:principalId eq '([^']+)'|assignedTo\('([^']+)'\))", re.IGNORECASE
)
_ROLE_FILTER = re.compile(r"roleName eq '([^']+)'", re.IGNORECASE)

assignments = Provider(ASSIGNMENT_TYPE, _VERSIONS)
definitions = Provider("Microsoft.Authorization/roleDefinitions", _VERSIONS)
permissions = Provider("Microsoft.Authorization/permissions", _VERSIONS)


class RoleAssignmentExists(errors.Conflict):
    """The principal holds the role at the scope, by an assignment of another name."""

    code = "RoleAssignmentExists"


class RoleAssignmentUpdateNotPermitted(errors.Conflict):
    """An assignment's principal, role and scope do not change."""

    code = "RoleAssignmentUpdateNotPermitted"


class RoleDefinitionDoesNotExist(errors.ArmError):
    """No role of that id."""

    code = "RoleDefinitionDoesNotExist"


class InvalidRoleAssignmentId(errors.ArmError):
    """An assignment is named by a GUID."""

    code = "InvalidRoleAssignmentId"


class UnmatchedPrincipalType(errors.ArmError):
    """All principals here are service principals; SDKs say User unless they are told."""

    code = "UnmatchedPrincipalType"


class UnsupportedFilter(errors.ArmError):
    """Only principalId, assignedTo, atScope and roleName are known."""

    code = "UnsupportedQuery"


@assignments.serves("GET", f"{_PREFIX}/roleAssignments", action="read")
def list_assignments(call: Call) -> Response:
    """List those at, above and below the scope; `$filter` narrows to atScope() or a principal."""
    wanted = call.request.query_params.get("$filter", "")
    principal = _PRINCIPAL_FILTER.search(wanted)
    if wanted and principal is None and "atscope()" not in wanted.lower():
        raise UnsupportedFilter(f"The filter '{wanted}' is not supported.")
    principal_id = (principal[1] or principal[2]) if principal else None
    return call.page(_assignments(call, principal_id, below="atscope()" not in wanted.lower()))


@assignments.serves("GET", _ONE, action="read")
def get_assignment(call: Call) -> Response:
    """Read one assignment."""
    return JSONResponse(call.resource(call.path).document)


@assignments.serves("PUT", _ONE, action="write")
def put_assignment(call: Call) -> Response:
    """Give a role: 201. The same again is 200."""
    asked = call.content(_SHAPE).get("properties") or {}
    role, principal_id = _checked(call.parameters["name"], asked)
    scope = f"/{call.parameters['scope'].strip('/')}"
    _require_known(call, scope)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _same_again(found, role, principal_id)
    for held in _assignments(call, principal_id, below=False):
        if _is(held, role, principal_id) and held.document["properties"]["scope"] == scope:
            raise RoleAssignmentExists("The role assignment already exists.")
    by = call.principal.object_id
    made = roles.assignment(scope, call.parameters["name"], role, principal_id, by)
    call.world.resources.put(made)
    return JSONResponse(made.document, status_code=201)


@assignments.serves("DELETE", _ONE, action="delete")
def delete_assignment(call: Call) -> Response:
    """Take a role away: 200 with what it was, or 204."""
    found = call.world.resources.get(call.path)
    call.world.resources.remove(call.path)
    return JSONResponse(found.document) if found else Response(status_code=204)


@definitions.serves("GET", "/providers/Microsoft.Authorization/roleDefinitions/{name}", action="")
@definitions.serves("GET", f"{_PREFIX}/roleDefinitions/{{name}}", action="read")
def get_definition(call: Call) -> Response:
    """Read a built-in role by its GUID."""
    role = roles.find(call.parameters["name"])
    if role is None:
        raise RoleDefinitionDoesNotExist(
            f"The specified role definition with ID '{call.parameters['name']}' does not exist."
        )
    return JSONResponse(_definition(role))


@definitions.serves("GET", f"{_PREFIX}/roleDefinitions", action="read")
def list_definitions(call: Call) -> Response:
    """List the built-in roles; `$filter=roleName eq '...'` finds one."""
    wanted = call.request.query_params.get("$filter", "")
    name = _ROLE_FILTER.search(wanted)
    if wanted and name is None and "atscope" not in wanted.lower():
        raise UnsupportedFilter(f"The filter '{wanted}' is not supported.")
    return JSONResponse(
        {
            "value": [
                _definition(role)
                for role in roles.BUILT_IN
                if name is None or role.name.lower() == name[1].lower()
            ]
        }
    )


@permissions.serves("GET", f"{_PREFIX}/permissions", action="")
def list_permissions(call: Call) -> Response:
    """List what the caller may do at the scope."""
    scope = f"/{call.parameters['scope']}"
    held = roles.roles_of(call.world.resources, call.principal.object_id, scope)
    return JSONResponse({"value": [_permissions(role) for role in held]})


def _assignments(call: Call, principal_id: str | None, *, below: bool) -> Iterator[Resource]:
    scope = f"/{call.parameters['scope'].strip('/')}/".lower()
    for one in call.world.resources.of_type(ASSIGNMENT_TYPE):
        properties = one.document["properties"]
        at = f"{properties['scope'].rstrip('/')}/".lower()
        is_near = scope.startswith(at) or (below and at.startswith(scope))
        if is_near and principal_id in (None, properties["principalId"]):
            yield one


def _checked(name: str, asked: dict[str, Any]) -> tuple[Role, str]:
    try:
        uuid.UUID(name)
    except ValueError as error:
        raise InvalidRoleAssignmentId(
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        ) from error
    principal_id, definition_id = asked.get("principalId"), asked.get("roleDefinitionId") or ""
    role = roles.find(definition_id.rsplit("/", 1)[-1])
    if role is None:
        raise RoleDefinitionDoesNotExist(
            f"The specified role definition with ID '{definition_id}' does not exist."
        )
    if not principal_id:
        raise errors.InvalidParameter("A role assignment needs a principalId.")
    kind = asked.get("principalType") or "ServicePrincipal"
    if kind != "ServicePrincipal":
        raise UnmatchedPrincipalType(
            f"The PrincipalId '{principal_id}' has type 'ServicePrincipal', which is different "
            f"from specified PrincipalType '{kind}'."
        )
    return role, principal_id


def _require_known(call: Call, scope: str) -> None:
    """Refuse a scope that does not exist; a secret of a vault is one. Raises NotFound."""
    vault, separator, _ = scope.partition("/secrets/")
    if call.world.resources.get(vault if separator else scope) is None:
        raise errors.NotFound(scope)


def _same_again(found: Resource, role: Role, principal_id: str) -> Response:
    if not _is(found, role, principal_id):
        raise RoleAssignmentUpdateNotPermitted(
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        )
    return JSONResponse(found.document)


def _is(assignment: Resource, role: Role, principal_id: str) -> bool:
    properties = assignment.document["properties"]
    same_principal = properties["principalId"].lower() == principal_id.lower()
    return bool(same_principal and properties["roleDefinitionId"].endswith(role.id))


def _definition(role: Role) -> dict[str, Any]:
    return {
        "id": f"/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [_permissions(role)],
        },
    }


def _permissions(role: Role) -> dict[str, Any]:
    return {
        "actions": role.actions,
        "notActions": role.not_actions,
        "dataActions": role.data_actions,
        "notDataActions": (),
    }
