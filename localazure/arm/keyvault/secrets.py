"""Secrets of the data plane. Azure serves them at the vault's host, Local Azure under a path.

`https://<vault>.vault.azure.net/secrets/...` is `/keyvault/<vault>/secrets/...` here.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure.arm import errors, guard
from localazure.arm.keyvault import rules
from localazure.arm.resources import Resource
from localazure.arm.routing import json_content
from localazure.arm.schema import ANYTHING, check
from localazure.world import world_of

AUDIENCES = ("https://vault.azure.net", "https://vault.azure.net/")
API_VERSIONS = frozenset({"7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01"})
_SHAPE = {"value": str, "contentType": str, "attributes": ANYTHING, "tags": ANYTHING}


class SecretNotFound(errors.ArmError):
    """No secret of that name and version."""

    status = 404
    code = "SecretNotFound"


class NotPermitted(errors.ArmError):
    """Neither a policy nor a role allows it."""

    status = 403
    code = "Forbidden"


async def list_secrets(request: Request) -> Response:
    """GET /secrets: names and attributes, no values."""
    vault = _vault(request, "list")
    values = [
        _bundle(vault, name, versions[-1], named_version=False)
        for name, versions in vault.hidden.get("secrets", {}).items()
    ]
    return JSONResponse({"value": values, "nextLink": None})


async def get_secret(request: Request) -> Response:
    """GET /secrets/{name}[/{version}]: with its value."""
    vault = _vault(request, "get")
    name, version = request.path_params["name"], request.path_params.get("version", "")
    found = rules.find_version(vault, name, version)
    if found is None:
        raise SecretNotFound(
            f"A secret with (name/id) {name} was not found in this key vault. If you recently "
            "deleted this secret you may be able to recover it using the correct recovery command."
        )
    return JSONResponse({"value": found["value"]} | _bundle(vault, name, found))


async def set_secret(request: Request) -> Response:
    """PUT /secrets/{name}: a new version."""
    body: Any = json_content(await request.body())
    vault = _vault(request, "set")
    check(body, _SHAPE)
    if not isinstance(body, dict) or not isinstance(body.get("value"), str):
        raise errors.InvalidParameter("A secret needs a value.")
    name = request.path_params["name"]
    made = rules.add_version(vault, name, body["value"], body.get("contentType"))
    return JSONResponse({"value": made["value"]} | _bundle(vault, name, made))


async def delete_secret(request: Request) -> Response:
    """DELETE /secrets/{name}: all versions. Soft deletion is not kept."""
    vault = _vault(request, "delete")
    name = request.path_params["name"].lower()
    versions = vault.hidden.get("secrets", {}).pop(name, None)
    if versions is None:
        raise SecretNotFound(f"A secret with (name/id) {name} was not found in this key vault.")
    return JSONResponse(_bundle(vault, name, versions[-1], named_version=False))


def _vault(request: Request, permission: str) -> Resource:
    """Return the vault of the path to a caller who may do this there."""
    world, name = world_of(request), request.path_params["vault"]
    principal = guard.authenticate(world, request.headers.get("authorization", ""), AUDIENCES)
    if request.query_params.get("api-version") not in API_VERSIONS:
        raise errors.ApiVersionUnknown(
            request.query_params.get("api-version", ""), "secrets", API_VERSIONS
        )
    for vault in world.resources.of_type(rules.TYPE):
        if vault.name.lower() == name.lower():
            if rules.may(vault, world.resources, principal.object_id, permission):
                return vault
            raise NotPermitted(
                f"The principal '{principal.object_id}' does not have secrets {permission} "
                f"permission on key vault '{vault.name}'."
            )
    # In Azure such a host does not resolve.
    raise errors.RouteNotFound(request.url.path)


def _bundle(
    vault: Resource, name: str, version: dict[str, Any], *, named_version: bool = True
) -> dict[str, Any]:
    uri = f"{vault.document['properties']['vaultUri']}secrets/{name}"
    bundle = {
        "id": f"{uri}/{version['version']}" if named_version else uri,
        "attributes": version["attributes"] | {"recoveryLevel": "Recoverable+Purgeable"},
    }
    return bundle | ({"contentType": version["contentType"]} if version["contentType"] else {})


_ONE = "/keyvault/{vault}/secrets/{name}"
ROUTES = [
    Route("/keyvault/{vault}/secrets", list_secrets),
    Route(_ONE, get_secret),
    Route(_ONE + "/{version}", get_secret),
    Route(_ONE, set_secret, methods=["PUT"]),
    Route(_ONE, delete_secret, methods=["DELETE"]),
]
