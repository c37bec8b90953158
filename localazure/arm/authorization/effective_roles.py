"""Role assignments as resources, and the roles that are in effect at a scope by them."""

from __future__ import annotations

from collections.abc import Collection

from localazure.arm.authorization import roles
from localazure.arm.authorization.roles import Role
from localazure.arm.resources import Resource, Resources, timestamp

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"


def assignment(scope: str, name: str, role: Role, principal_id: str, by: str) -> Resource:
    """Return a new role assignment as a resource."""
    subscription = "/".join(scope.split("/")[:3])
    return Resource(
        {
            "properties": {
                "roleDefinitionId": (
                    f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
                ),
                "principalId": principal_id,
                "principalType": "ServicePrincipal",
                "scope": scope,
                "condition": None,
                "conditionVersion": None,
                "createdOn": timestamp(),
                "updatedOn": timestamp(),
                "createdBy": by,
                "updatedBy": by,
                "delegatedManagedIdentityResourceId": None,
                "description": None,
            },
            "id": f"{scope}/providers/{ASSIGNMENT_TYPE}/{name}",
            "type": ASSIGNMENT_TYPE,
            "name": name,
        }
    )


def roles_of(resources: Resources, object_ids: Collection[str], scope: str) -> list[Role]:
    """Return the roles that a principal has at a scope, inherited ones included.

    `object_ids` are the principal's own id and those of its groups, in lower case.
    """
    path = f"{scope.lower().rstrip('/')}/"
    found = []
    for each in resources.of_type(ASSIGNMENT_TYPE):
        properties = each.document["properties"]
        held = properties["principalId"].lower() in object_ids
        if held and path.startswith(f"{properties['scope'].lower().rstrip('/')}/"):
            role = roles.find(properties["roleDefinitionId"], resources)
            found += [role] if role else []
    return found
