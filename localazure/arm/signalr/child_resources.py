"""Resources under an instance: replicas, custom domains and certificates, shared private links.

Each kind is a row of data: its shape, its default properties and the form of its responses.
Statuses of replicas are recorded; those of the other kinds are the swagger's. Nothing here has an
effect on the instance: certificates are not loaded and links are not created.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.async_operations import responses
from localazure.arm.async_operations.operations import Operation
from localazure.arm.resources import Resource, created, touched
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.signalr import catalogue, instance_document
from localazure.arm.signalr.shape import ENVELOPE, HEADERS, PUBLISHED, SINCE, SKU, TYPE, addresses
from localazure.arm.versions import ApiVersions

Document = dict[str, Any]
_INSTANCE = f"{GROUP}/providers/{TYPE}/{{name}}"
_BODY = ENVELOPE | {"properties": ANYTHING}


@dataclass(frozen=True)
class Kind:
    """A type of child resource.

    `first_version` is the first api-version that has it. `defaults` are properties that a new one
    starts with, `required` those that a request has to give. `is_tracked` says that it has a
    location, tags and a SKU of its own. `is_deleted_at_once` says that DELETE starts no operation.
    """

    name: str
    first_version: str
    shape: Document
    defaults: Document = field(default_factory=dict)
    required: tuple[str, ...] = ()
    is_tracked: bool = False
    is_deleted_at_once: bool = True

    @property
    def type(self) -> str:
        """The provider's type."""
        return f"{TYPE}/{self.name}"

    def versions(self) -> ApiVersions:
        """Return the api-versions that have it."""
        since = {path: first for path, first in SINCE.items() if path == "systemData"}
        published = (one for one in PUBLISHED if one >= self.first_version)
        return ApiVersions(published, since=since)


REPLICAS = Kind(
    "replicas",
    "2023-03-01-preview",
    _BODY | {"location": str, "tags": ANYTHING, "sku": SKU},
    is_tracked=True,
)
KINDS = (
    REPLICAS,
    Kind(
        "customCertificates",
        "2022-02-01",
        _BODY,
        {"keyVaultSecretVersion": None},
        ("keyVaultBaseUri", "keyVaultSecretName"),
    ),
    Kind(
        "customDomains",
        "2022-02-01",
        _BODY,
        required=("domainName", "customCertificate"),
        is_deleted_at_once=False,
    ),
    Kind(
        "sharedPrivateLinkResources",
        "2021-04-01-preview",
        _BODY,
        {"requestMessage": None, "status": "Pending"},
        ("groupId", "privateLinkResourceId"),
        is_deleted_at_once=False,
    ),
)
# Properties that a version later than the kind's first one added, with their defaults.
_REPLICA_PROPERTIES = {"regionEndpointEnabled": "Enabled", "resourceStopped": "false"}
_REPLICA_PROPERTIES_SINCE = "2023-08-01-preview"


def children(call: Call, instance: Resource, kind: str) -> list[Resource]:
    """Return the resources of a kind under an instance, oldest first."""
    return list(call.world.resources.of_type(f"{TYPE}/{kind}", instance.id))


def provider_of(kind: Kind) -> Provider:
    """Return the provider that serves a kind."""
    provider = Provider(kind.type, kind.versions(), headers=HEADERS)
    one = f"{_INSTANCE}/{kind.name}/{{child}}"
    routes: tuple[tuple[str, str, str, Callable[[Call, Kind], Response]], ...] = (
        ("GET", f"{_INSTANCE}/{kind.name}", "read", _list),
        ("GET", one, "read", _get),
        ("PUT", one, "write", _put),
        ("PATCH", one, "write", _patch),
        ("DELETE", one, "delete", _delete),
    )
    for method, path, action, handler in routes:
        provider.serves(method, path, action=action)(_for(kind, handler))
    provider.serves("GET", f"{one}/operationStatuses/{{operation}}", action="read")(
        responses.status
    )
    provider.serves("GET", f"{one}/operationResults/{{operation}}", action="read")(responses.result)
    return provider


def _for(kind: Kind, handler: Callable[[Call, Kind], Response]) -> Callable[[Call], Response]:
    return lambda call: handler(call, kind)


def _list(call: Call, kind: Kind) -> Response:
    instance = call.resource(call.path.rpartition("/")[0])
    # Recorded: the elements of a list have no systemData.
    documents = [
        {name: value for name, value in one.document.items() if name != "systemData"}
        for one in children(call, instance, kind.name)
    ]
    return call.json({"value": documents})


def _get(call: Call, _kind: Kind) -> Response:
    return call.json(call.resource(call.path).document)


def _put(call: Call, kind: Kind) -> Response:
    instance = call.resource(call.path.rsplit("/", 2)[0])
    body = call.content(kind.shape)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _write(call, kind, found, body)
    made = _new(call, kind, instance, body)
    call.world.resources.put(made)
    operation = call.world.operations.start(made.id, instance_document.SUCCEEDED)
    answer = call.json(made.document, 201)
    return _accepted(call, operation, answer)


def _new(call: Call, kind: Kind, instance: Resource, body: Document) -> Resource:
    given = body.get("properties") or {}
    missing = [name for name in kind.required if not given.get(name)]
    if missing:
        raise errors.InvalidParameter(f"The property '{missing[0]}' is required.")
    properties = {"provisioningState": "Creating"} | kind.defaults | copy.deepcopy(given)
    document: Document = {"properties": properties | {"provisioningState": "Creating"}}
    if kind.is_tracked:
        document = _tracked(call, instance, body) | document
    name = call.parameters["child"]
    return Resource(
        document
        | {
            "id": f"{instance.id}/{kind.name}/{name}",
            "name": name,
            "type": kind.type,
            "systemData": created(call.principal.app_id),
        }
    )


def _tracked(call: Call, instance: Resource, body: Document) -> Document:
    if not body.get("location"):
        raise errors.InvalidParameter("A replica requires a location.")
    if call.api_version >= _REPLICA_PROPERTIES_SINCE:
        given = body.get("properties") or {}
        body["properties"] = _REPLICA_PROPERTIES | given
    sku = instance_document.sku(body.get("sku") or {}, instance.document["sku"])
    if sku["tier"] != "Premium":
        raise errors.InvalidParameter("Replicas require the Premium tier.")
    return {"sku": sku, "location": body["location"], "tags": body.get("tags")}


def _patch(call: Call, kind: Kind) -> Response:
    return _write(call, kind, call.resource(call.path), call.content(kind.shape))


def _write(call: Call, kind: Kind, found: Resource, body: Document) -> Response:
    call.world.operations.end_unpolled(found.id)
    if call.world.operations.running_on(found.id):
        raise errors.Busy(found.id)
    before = copy.deepcopy(found)
    given = {n: v for n, v in (body.get("properties") or {}).items() if v is not None}
    found.document["properties"] |= copy.deepcopy(given) | instance_document.UPDATING
    if kind.is_tracked and body.get("sku"):
        found.document["sku"] = instance_document.sku(body["sku"], found.document["sku"])
    if kind.is_tracked and body.get("tags") is not None:
        found.document["tags"] = body["tags"]
    found.document["systemData"] |= touched(call.principal.app_id)
    operation = call.world.operations.start(found.id, instance_document.SUCCEEDED, before)
    return _accepted(call, operation)


def _delete(call: Call, kind: Kind) -> Response:
    found = call.world.resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    call.world.resources.remove(found.id)
    if kind.is_deleted_at_once:
        return Response(status_code=204)
    return _accepted(call, call.world.operations.start(found.id))


def _accepted(call: Call, operation: Operation, response: Response | None = None) -> Response:
    """Answer with URLs to poll that spell the path as the request does (recorded)."""
    polling = responses.Polling(call.path, addresses(call.api_version))
    return responses.accepted(call, operation, response, polling)


def restart_replica(call: Call) -> Response:
    """Restart a replica: an operation that changes nothing."""
    found = call.resource(call.path.rpartition("/")[0])
    polling = responses.Polling(found.id, addresses(call.api_version))
    return responses.accepted(call, call.world.operations.start(found.id), polling=polling)


def replica_skus(call: Call) -> Response:
    """List the SKUs that a replica can have."""
    call.resource(call.path.rpartition("/")[0])
    return call.json({"value": catalogue.skus("Premium")})


child_providers = tuple(provider_of(kind) for kind in KINDS)
replicas = child_providers[KINDS.index(REPLICAS)]
_REPLICA = f"{_INSTANCE}/{REPLICAS.name}/{{child}}"
replicas.serves("POST", f"{_REPLICA}/restart", action="restart/action")(restart_replica)
replicas.serves("GET", f"{_REPLICA}/skus", action="read")(replica_skus)
