"""GET /providers/Microsoft.ManagedIdentity/operations, as recorded in 2023."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm.identities.user_assigned import API_VERSIONS
from localazure.arm.routing import Call, Provider

_NAMESPACE = "Microsoft.ManagedIdentity"
_IDENTITIES = "userAssignedIdentities"
_CREDENTIALS = f"{_IDENTITIES}/federatedIdentityCredentials"
# Name, resource, operation and description of each.
_TABLE = (
    (
        "identities/read",
        "System Assigned Identities",
        "Get System Assigned Identity",
        "Gets an existing system assigned identity",
    ),
    (
        "operations/read",
        "Managed Identity operations",
        "List Managed Identity operations",
        "Lists operations available on Microsoft.ManagedIdentity resource provider",
    ),
    (
        "register/action",
        "Managed Identity Resource Provider",
        "Registers the Managed Identity Resource Provider",
        "Registers the subscription for the managed identity resource provider",
    ),
    (
        f"{_IDENTITIES}/assign/action",
        "User Assigned Identities",
        "Assign User Assigned Identity",
        "RBAC action for assigning an existing user assigned identity to a resource",
    ),
    (
        f"{_IDENTITIES}/delete",
        "User Assigned Identities",
        "Delete User Assigned Identity",
        "Deletes an existing user assigned identity",
    ),
    (
        f"{_CREDENTIALS}/read",
        "Federated Identity Credentials",
        "Get or list Federated Identity Credentials",
        "Get or list Federated Identity Credentials",
    ),
    (
        f"{_CREDENTIALS}/write",
        "Federated Identity Credentials",
        "Add or update Federated Identity Credential",
        "Add or update a Federated Identity Credential",
    ),
    (
        f"{_CREDENTIALS}/delete",
        "Federated Identity Credentials",
        "Delete Federated Identity Credential",
        "Delete a Federated Identity Credential",
    ),
    (
        f"{_IDENTITIES}/listAssociatedResources/action",
        "User Assigned Identities",
        "List associated resources for User Assigned Identity",
        "Lists all associated resources for an existing user assigned identity",
    ),
    (
        f"{_IDENTITIES}/read",
        "User Assigned Identities",
        "Get User Assigned Identity",
        "Gets an existing user assigned identity",
    ),
    (
        f"{_IDENTITIES}/write",
        "User Assigned Identities",
        "Create/Update User Assigned Identity",
        (
            "Creates a new user assigned identity or updates the tags associated with an existing "
            "user assigned identity"
        ),
    ),
)

identity_operations = Provider(f"{_NAMESPACE}/operations", API_VERSIONS)


@identity_operations.serves("GET", f"/providers/{_NAMESPACE}/operations", action="")
def list_operations(_call: Call) -> Response:
    """List what a role can allow on identities."""
    return JSONResponse({"value": [_operation(*row) for row in _TABLE]})


def _operation(name: str, resource: str, operation: str, description: str) -> dict[str, Any]:
    return {
        "name": f"{_NAMESPACE}/{name}",
        "display": {
            "provider": "Microsoft Managed Identity",
            "resource": resource,
            "operation": operation,
            "description": description,
        },
    }
