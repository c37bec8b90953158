"""Role assignments over HTTP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.authorization import roles
from localazure.arm.authorization.effective_roles import ASSIGNMENT_TYPE, assignment
from localazure.arm.authorization.principals import principal_type
from localazure.arm.authorization.provider import (
    API_VERSIONS,
    HEADERS,
    PREFIX,
    RoleDefinitionDoesNotExist,
    UnsupportedFilter,
)
from localazure.arm.authorization.roles import Role
from localazure.arm.resources import Resource
from localazure.arm.routing import Call, Provider

_ONE = f"{PREFIX}/roleAssignments/{{name}}"
_SHAPE = {
    **dict.fromkeys(("id", "name", "type"), str),
    "properties": {
        "roleDefinitionId": str,
        "principalId": str,
        "principalType": str,
        "description": str,
        "condition": str,
        "conditionVersion": str,
        "delegatedManagedIdentityResourceId": str,
        **dict.fromkeys(("scope", "createdOn", "updatedOn", "createdBy", "updatedBy"), str),
    },
}
_OPTIONAL = ("description", "condition", "conditionVersion", "delegatedManagedIdentityResourceId")
_CLAUSE = re.compile(
    r"(?P<scope>atScope(?:AndBelow)?)\(\)|principalId eq '(?P<principal>[^']+)'"
    r"|assignedTo\('(?P<assigned>[^']+)'\)",
    re.IGNORECASE,
)

assignments = Provider(ASSIGNMENT_TYPE, API_VERSIONS, headers=HEADERS)


class RoleAssignmentExists(errors.Conflict):
    """The principal has the role at the scope by an assignment of another name."""

    code = "RoleAssignmentExists"


class RoleAssignmentUpdateNotPermitted(errors.Conflict):
    """The principal, role and scope of an assignment cannot change."""

    code = "RoleAssignmentUpdateNotPermitted"


class RoleAssignmentNotFound(errors.ArmError):
    """No role assignment has this name at the scope; the message is recorded."""

    status = 404
    code = "RoleAssignmentNotFound"


class InvalidRoleAssignmentId(errors.ArmError):
    """The name of an assignment is not a GUID."""

    code = "InvalidRoleAssignmentId"


@assignments.serves("GET", f"{PREFIX}/roleAssignments", action="read")
def list_assignments(call: Call) -> Response:
    """List the assignments at, above and below the scope.

    `$filter` takes `atScope()` (not below), `principalId eq '...'`, `assignedTo('...')` (through
    groups too), and these joined by `and`.
    """
    text = call.request.query_params.get("$filter", "")
    below, principals = True, None
    for clause in re.split(r" and ", text, flags=re.IGNORECASE) if text else []:
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise UnsupportedFilter(text)
        below = below and (match["scope"] or "").lower() != "atscope"
        if match["principal"]:
            principals = frozenset({match["principal"].lower()})
        elif match["assigned"]:
            principals = call.world.directory.with_groups(match["assigned"])
    return call.page(_assignments(call, principals, below=below))


@assignments.serves("GET", _ONE, action="read")
def get_assignment(call: Call) -> Response:
    """Read one assignment. Raises RoleAssignmentNotFound."""
    found = call.world.resources.get(call.path)
    if found is None:
        raise RoleAssignmentNotFound(
            f"The role assignment '{call.parameters['name']}' is not found."
        )
    return call.json(found.document)


@assignments.serves("PUT", _ONE, action="write")
def put_assignment(call: Call) -> Response:
    """Assign a role: 201. The same assignment again is 200."""
    given = call.content(_SHAPE).get("properties") or {}
    scope = f"/{call.parameters['scope'].strip('/')}"
    role, principal_id = _checked(call, given)
    _require_scope(call, scope)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _update(call, found, role, given)
    kind = principal_type(call.world, principal_id, given.get("principalType"))
    for held in _assignments(call, {principal_id.lower()}, below=False):
        if _is(held, role, principal_id) and held.document["properties"]["scope"] == scope:
            raise RoleAssignmentExists("The role assignment already exists.")
    by = call.principal.object_id
    made = assignment(scope, call.parameters["name"], role, principal_id, by)
    made.document["properties"] |= {"principalType": kind} | _optional(given)
    call.world.resources.put(made)
    # Recorded: the response to the creation does not name the creator.
    shown = made.document | {"properties": made.document["properties"] | {"createdBy": None}}
    return call.json(shown, 201)


@assignments.serves("DELETE", _ONE, action="delete")
def delete_assignment(call: Call) -> Response:
    """Delete an assignment: 200 with what it was, or 204."""
    found = call.world.resources.get(call.path)
    call.world.resources.remove(call.path)
    return call.json(found.document) if found else Response(status_code=204)


def _assignments(
    call: Call, principals: Collection[str] | None, *, below: bool
) -> Iterator[Resource]:
    scope = f"/{call.parameters['scope'].strip('/')}/".lower()
    for one in call.world.resources.of_type(ASSIGNMENT_TYPE):
        properties = one.document["properties"]
        at = f"{properties['scope'].rstrip('/')}/".lower()
        is_near = scope.startswith(at) or (below and at.startswith(scope))
        if is_near and (principals is None or properties["principalId"].lower() in principals):
            yield one


def _checked(call: Call, given: dict[str, Any]) -> tuple[Role, str]:
    name = call.parameters["name"]
    try:
        uuid.UUID(name)
    except ValueError as error:
        raise InvalidRoleAssignmentId(
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        ) from error
    principal_id, definition_id = given.get("principalId"), given.get("roleDefinitionId") or ""
    role = roles.find(definition_id.rsplit("/", 1)[-1], call.world.resources)
    if role is None:
        raise RoleDefinitionDoesNotExist(definition_id)
    if not principal_id:
        raise errors.InvalidParameter("A role assignment requires a principalId.")
    return role, principal_id


def _require_scope(call: Call, scope: str) -> None:
    """Refuse a scope that does not exist; a secret of a vault is one. Raises NotFound."""
    vault, separator, _ = scope.partition("/secrets/")
    if call.world.resources.get(vault if separator else scope) is None:
        raise errors.NotFound(scope)


def _update(call: Call, found: Resource, role: Role, given: dict[str, Any]) -> Response:
    if not _is(found, role, given["principalId"]):
        raise RoleAssignmentUpdateNotPermitted(
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        )
    found.document["properties"] |= _optional(given)
    return call.json(found.document)


def _optional(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in _OPTIONAL if given.get(name) is not None}


def _is(assignment: Resource, role: Role, principal_id: str) -> bool:
    properties = assignment.document["properties"]
    same_principal = properties["principalId"].lower() == principal_id.lower()
    return bool(same_principal and properties["roleDefinitionId"].endswith(role.id))
