"""Resource groups (Microsoft.Resources).

Sources: recordings of azure-cli (2023) and azure-service-operator (2024, 2025).
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.async_operations import responses
from localazure.arm.async_operations.operations import Operation
from localazure.arm.keyvault import deleted_vaults
from localazure.arm.keyvault.vault_document import TYPE as VAULT
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.subscriptions import API_VERSIONS

TYPE = "Microsoft.Resources/resourceGroups"
# Recorded: the seconds between two polls of a deletion.
_RETRY_AFTER = 15
_SHAPE = {
    **dict.fromkeys(("id", "name", "type", "location", "managedBy"), str),
    "tags": ANYTHING,
    "properties": ANYTHING,
}

groups = Provider("Microsoft.Resources/subscriptions/resourceGroups", API_VERSIONS)


class GroupLocationFixed(errors.Conflict):
    """A resource group cannot change its location."""

    code = "InvalidResourceGroupLocation"

    def __init__(self, requested: str, current: str) -> None:
        super().__init__(
            f"Invalid resource group location '{requested}'. The Resource group already exists in "
            f"location '{current}'."
        )


def group(subscription_id: str, name: str, location: str) -> Resource:
    """Return a resource group."""
    return Resource(
        {
            "id": f"/subscriptions/{subscription_id}/resourceGroups/{name}",
            "name": name,
            "type": TYPE,
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
    )


@groups.serves("GET", f"{SUBSCRIPTION}/resourceGroups", action="read")
def list_groups(call: Call) -> Response:
    """List the subscription's resource groups."""
    return call.page(call.world.resources.of_type(TYPE, call.path))


# Before GET, whose routes answer HEAD too.
@groups.serves("HEAD", GROUP, action="read")
def check_group(call: Call) -> Response:
    """Return whether a resource group exists: 204 or 404."""
    exists = call.world.resources.get(call.path) is not None
    return Response(status_code=204 if exists else 404)


@groups.serves("GET", GROUP, action="read")
def get_group(call: Call) -> Response:
    """Read one resource group. Raises GroupNotFound."""
    return call.json(_found(call).document)


@groups.serves("PUT", GROUP, action="write")
def put_group(call: Call) -> Response:
    """Create a resource group (201), or write the tags of an existing one."""
    body = call.content(_SHAPE)
    location = body.get("location")
    if not location:
        raise errors.InvalidParameter("A resource group requires a location.")
    found = call.world.resources.get(call.path)
    if found is not None and _plain(found.document["location"]) != _plain(location):
        raise GroupLocationFixed(location, found.document["location"])
    made = found or group(call.parameters["subscription"], call.parameters["group"], location)
    _write(made, body)
    call.world.resources.put(made)
    return call.json(made.document, 200 if found else 201)


@groups.serves("PATCH", GROUP, action="write")
def patch_group(call: Call) -> Response:
    """Write the tags. Raises GroupNotFound."""
    found = _found(call)
    _write(found, call.content(_SHAPE))
    return call.json(found.document)


@groups.serves("DELETE", GROUP, action="delete")
def delete_group(call: Call) -> Response:
    """Delete a resource group with everything in it: an operation. Raises GroupNotFound."""
    found = _found(call)
    if call.world.operations.running_on(found.id):
        raise errors.Busy(found.id)
    _delete_contents(call, found)
    found.document["properties"]["provisioningState"] = "Deleting"
    return _accepted(call, call.world.operations.start_deletion(found.id))


@groups.serves("GET", f"{SUBSCRIPTION}/operationresults/{{operation}}", action="")
def get_operation_result(call: Call) -> Response:
    """Answer 202 while a deletion runs, then 200."""
    operation = call.world.operations.find(call.parameters["operation"])
    if operation is None:
        raise errors.OperationNotFound(call.parameters["operation"])
    operation.polled += operation.is_running
    return _accepted(call, operation) if operation.is_running else Response(status_code=200)


def _found(call: Call) -> Resource:
    found = call.world.resources.get(call.path)
    if found is None:
        raise errors.GroupNotFound(call.parameters["group"])
    return found


def _write(found: Resource, body: dict[str, Any]) -> None:
    if body.get("tags") is not None:
        found.document["tags"] = body["tags"]
    if body.get("managedBy") is not None:
        found.document["managedBy"] = body["managedBy"]


def _delete_contents(call: Call, found: Resource) -> None:
    resources = call.world.resources
    prefix = f"{found.id.lower()}/"
    for one in [one for one in resources if one.id.lower().startswith(prefix)]:
        if one.type == VAULT.lower():
            deleted_vaults.delete(resources, one)
        else:
            resources.remove(one.id)


def _accepted(call: Call, operation: Operation) -> Response:
    subscription = "/".join(operation.resource_id.split("/")[:3])
    seconds = operation.progression.retry_after
    path = f"{subscription}/operationresults/{operation.name}"
    return Response(
        status_code=202,
        headers={
            "Location": call.link(path, **responses.signature(path)),
            "Retry-After": f"{_RETRY_AFTER if seconds is None else seconds:g}",
        },
    )


def _plain(location: str) -> str:
    # "West Europe" and "westeurope" are the same location.
    return location.replace(" ", "").lower()
