"""Resource groups, and the resources in them as a list (Microsoft.Resources).

Sources: recordings of azure-cli (2023) and azure-service-operator (2024, 2025).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.keyvault import deleted_vaults
from localazure.arm.keyvault.vault import TYPE as VAULT
from localazure.arm.operations import Operation
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.subscriptions import API_VERSIONS

TYPE = "Microsoft.Resources/resourceGroups"
# Recorded: the service asks for this between two polls of a deletion.
_RETRY_AFTER = 15
_SHAPE = {
    **dict.fromkeys(("id", "name", "type", "location", "managedBy"), str),
    "tags": ANYTHING,
    "properties": ANYTHING,
}
_CLAUSE = re.compile(r"(resourceType|name|resourceGroup|location) eq '([^']*)'", re.IGNORECASE)

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
    """Tell whether a resource group exists: 204 or 404."""
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
        raise errors.InvalidParameter("A resource group needs a location.")
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
    """Delete a resource group with all that it contains: an operation. Raises GroupNotFound."""
    found = _found(call)
    if call.world.operations.running_on(found.id):
        raise errors.Busy(found.id)
    _delete_contents(call, found)
    found.document["properties"]["provisioningState"] = "Deleting"
    return _accepted(call, call.world.operations.start(found.id, None))


@groups.serves("GET", f"{SUBSCRIPTION}/operationresults/{{operation}}", action="")
def get_operation_result(call: Call) -> Response:
    """Answer 202 while a deletion runs, then 200."""
    operation = call.world.operations.find(call.parameters["operation"])
    if operation is None:
        raise errors.OperationNotFound(call.parameters["operation"])
    operation.polled += operation.is_running
    return _accepted(call, operation) if operation.is_running else Response(status_code=200)


@groups.serves("GET", f"{SUBSCRIPTION}/resources", action="read")
@groups.serves("GET", f"{GROUP}/resources", action="read")
def list_resources(call: Call) -> Response:
    """List the resources; `$filter` takes equality of type, name, group and location."""
    text = call.request.query_params.get("$filter", "")
    clauses = []
    for clause in re.split(" and ", text, flags=re.IGNORECASE) if text else []:
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise errors.InvalidParameter(f"The filter '{text}' is not supported.")
        clauses.append((match[1].lower(), match[2].lower()))
    scope = call.path.rpartition("/")[0]
    found = [
        _listed(one)
        for one in _contents(call, scope)
        if all(_value(one, name) == value for name, value in clauses)
    ]
    return JSONResponse({"value": found})


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
    return Response(
        status_code=202,
        headers={
            "Location": call.link(f"{subscription}/operationresults/{operation.name}"),
            "Retry-After": f"{_RETRY_AFTER if seconds is None else seconds:g}",
        },
    )


def _contents(call: Call, scope: str) -> Iterator[Resource]:
    """Yield the resources of resource groups under the scope, without nested ones."""
    for one in call.world.resources:
        parts = one.id.split("/")
        is_top = len(parts) == 9 and parts[3].lower() == "resourcegroups"  # noqa: PLR2004
        if is_top and one.id.lower().startswith(f"{scope.lower()}/"):
            yield one


def _listed(resource: Resource) -> dict[str, Any]:
    shown = ("id", "name", "type", "kind", "sku", "identity", "location", "tags")
    return {name: resource.document[name] for name in shown if name in resource.document}


def _value(resource: Resource, name: str) -> str:
    if name == "resourcegroup":
        return resource.id.split("/")[4].lower()
    return str(resource.document.get({"resourcetype": "type"}.get(name, name), "")).lower()


def _plain(location: str) -> str:
    # "West Europe" and "westeurope" are the same location.
    return location.replace(" ", "").lower()
