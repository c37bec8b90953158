"""Tokens for a machine's managed identity: instance metadata service and App Service endpoint.

Sources: Microsoft's "Use managed identities for Azure resources to acquire a token" and "How to
use managed identities for App Service". This machine has a system-assigned
identity, and every user-assigned identity is assigned to it.
"""

from __future__ import annotations

import hmac
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure import seed
from localazure.arm.identities.user_assigned import TYPE as USER_ASSIGNED
from localazure.entra.directory.home_tenant import derived_guid
from localazure.entra.directory.managed_identities import client_id, user_assigned
from localazure.entra.issuance import issue
from localazure.entra.tokens import IDENTITY_TOKEN_SECONDS, Principal
from localazure.world import World, world_of

MACHINE_ID = seed.resource_id("rg-local", "Microsoft.Compute/virtualMachines", "local-machine")
_IMDS_VERSIONS = ("2018-02-01", "2019-06-04", "2019-11-01", "2020-06-01", "2021-02-01")
_APP_SERVICE_VERSIONS = ("2019-08-01",)
_SELECTORS = ("client_id", "object_id", "principal_id", "msi_res_id", "mi_res_id")


class MetadataRefused(Exception):
    """The service issues no token; the text says why."""


def machine(world: World) -> Principal:
    """Return the principal of the machine's system-assigned identity."""
    object_id = derived_guid("principal", MACHINE_ID)
    return Principal(
        tenant_id=world.directory.tenant_id,
        object_id=object_id,
        app_id=client_id(object_id),
        identity_resource_id=MACHINE_ID,
        host_resource_id=MACHINE_ID,
    )


async def imds_token(request: Request) -> JSONResponse:
    """GET /metadata/identity/oauth2/token, with the header `Metadata: true`."""
    if request.headers.get("metadata", "").lower() != "true":
        return _refusal("Required metadata header not specified")
    if request.headers.get("x-forwarded-for"):
        return _refusal("x-forwarded-for header is not allowed")
    if request.query_params.get("api-version") not in _IMDS_VERSIONS:
        return _refusal("Required query variable 'api-version' is missing or not supported")
    try:
        answer = _answer(request)
    except MetadataRefused as error:
        return _refusal(str(error))
    # The service sends numbers as strings.
    return JSONResponse({name: str(value) for name, value in answer.items()})


async def app_service_token(request: Request) -> JSONResponse:
    """GET the address in IDENTITY_ENDPOINT, with IDENTITY_HEADER as `X-IDENTITY-HEADER`."""
    secret = request.headers.get("x-identity-header", "").encode()
    if not hmac.compare_digest(secret, seed.IDENTITY_HEADER.encode()):
        return JSONResponse({"statusCode": 401, "message": "Unauthorized"}, status_code=401)
    if request.query_params.get("api-version") not in _APP_SERVICE_VERSIONS:
        return JSONResponse({"statusCode": 400, "message": "Unsupported api-version"}, 400)
    try:
        answer = _answer(request)
    except MetadataRefused as error:
        return JSONResponse({"statusCode": 400, "message": str(error)}, status_code=400)
    shown = {name: answer[name] for name in ("access_token", "resource", "token_type", "client_id")}
    return JSONResponse(shown | {"expires_on": str(answer["expires_on"])})


def _answer(request: Request) -> dict[str, Any]:
    world, resource = world_of(request), request.query_params.get("resource", "")
    if not resource:
        raise MetadataRefused("Required query variable 'resource' is missing")
    principal = _principal(world, request)
    now = int(time.time())
    return {
        "access_token": issue(world, principal, resource),
        "client_id": principal.app_id,
        "expires_in": IDENTITY_TOKEN_SECONDS,
        "expires_on": now + IDENTITY_TOKEN_SECONDS,
        "ext_expires_in": IDENTITY_TOKEN_SECONDS,
        "not_before": now,
        "resource": resource,
        "token_type": "Bearer",
    }


def _principal(world: World, request: Request) -> Principal:
    """Return the identity that the query selects, or the machine's own. Raises MetadataRefused."""
    query = request.query_params
    selectors = {query[name].lower() for name in _SELECTORS if name in query}
    if not selectors:
        return machine(world)
    for identity in world.resources.of_type(USER_ASSIGNED):
        properties = identity.document["properties"]
        names = {properties["clientId"], properties["principalId"], identity.id}
        if selectors <= {name.lower() for name in names}:
            return user_assigned(identity)
    raise MetadataRefused("Identity not found")


def _refusal(description: str) -> JSONResponse:
    body = {"error": "invalid_request", "error_description": description}
    return JSONResponse(body, status_code=400)


ROUTES = [
    Route("/metadata/identity/oauth2/token", imds_token),
    Route("/metadata/identity/oauth2/token/", imds_token),
    Route("/msi/token", app_service_token),
]
