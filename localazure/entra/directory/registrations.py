"""Microsoft Graph: register and delete applications, their secrets and service principals.

What `az ad app`, `az ad sp` and `az ad sp create-for-rbac` send. Any principal of the home tenant
may write: in Entra, users may register applications unless the tenant forbids it. Deleted
applications are not kept for a restore. Source: Microsoft Graph v1.0; messages are ours.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure.arm import errors
from localazure.arm.routing import json_content
from localazure.entra.directory import graph
from localazure.entra.directory.home_tenant import Application
from localazure.entra.directory.service_principals import service_principals
from localazure.world import world_of

_AUDIENCE: Final = "AzureADMyOrg"
# The properties that can be written here.
_PROPERTIES: Final = frozenset({"displayName", "identifierUris", "signInAudience", "api", "web"})


class BadRequest(errors.ArmError):
    """A body that Graph refuses, or with a property that is not implemented here."""

    code = "Request_BadRequest"


class AlreadyExists(errors.ArmError):
    """Another object has the value, which has to be unique."""

    status = 409
    code = "Request_MultipleObjectsWithSameKeyValue"


async def create_application(request: Request) -> JSONResponse:
    """POST /v1.0/applications: an application without a secret and without a principal."""
    body = await _content(request)
    if not body.get("displayName"):
        raise BadRequest("An application requires a displayName.")
    app_id = str(uuid.uuid4())
    application = Application(
        app_id, body["displayName"], str(uuid.uuid4()), has_service_principal=False
    )
    _write(request, application, body)
    world_of(request).directory.add(application)
    return JSONResponse(graph.application_entity(application), 201)


async def update_application(request: Request) -> Response:
    """PATCH /v1.0/applications/{id}."""
    body = await _content(request)
    _write(request, _found(request), body)
    return Response(status_code=204)


async def delete_application(request: Request) -> Response:
    """DELETE /v1.0/applications/{id}, with its service principal."""
    graph.authenticate(request)
    world_of(request).directory.remove(_found(request))
    return Response(status_code=204)


async def add_password(request: Request) -> JSONResponse:
    """POST /v1.0/applications/{id}/addPassword: the only response with the secret's text."""
    body = await _content(request, {"passwordCredential"})
    application = _found(request)
    secret = secrets.token_urlsafe(30)
    application.secrets.append(secret)
    described = body.get("passwordCredential") or {}
    return JSONResponse(graph.password(application, secret) | described | {"secretText": secret})


async def remove_password(request: Request) -> Response:
    """POST /v1.0/applications/{id}/removePassword."""
    body = await _content(request, {"keyId"})
    application = _found(request)
    kept = [
        secret
        for secret in application.secrets
        if graph.password(application, secret)["keyId"] != body.get("keyId")
    ]
    if len(kept) == len(application.secrets):
        raise BadRequest(f"No password credential found with keyId '{body.get('keyId')}'.")
    application.secrets = kept
    return Response(status_code=204)


async def create_service_principal(request: Request) -> JSONResponse:
    """POST /v1.0/servicePrincipals: the principal of an application of this tenant."""
    body = await _content(request, {"appId", "accountEnabled"})
    app_id = str(body.get("appId"))
    application = world_of(request).directory.find(app_id)
    if application is None:
        raise BadRequest(
            f"The appId '{app_id}' of the service principal does not reference a valid application "
            "object."
        )
    if application.has_service_principal:
        raise AlreadyExists(
            "The service principal cannot be created, updated, or restored because the service "
            f"principal name {app_id} is already in use."
        )
    application.has_service_principal = True
    return JSONResponse(_principal(request, application), 201)


async def delete_service_principal(request: Request) -> Response:
    """DELETE /v1.0/servicePrincipals/{id}; those of managed identities belong to their resource."""
    graph.authenticate(request)
    object_id = request.path_params["id"].lower()
    for application in world_of(request).directory.applications():
        if application.has_service_principal and application.principal_id.lower() == object_id:
            application.has_service_principal = False
            return Response(status_code=204)
    raise graph.EntityNotFound(f"Resource '{object_id}' does not exist.")


async def _content(request: Request, names: set[str] | frozenset[str] = _PROPERTIES) -> Any:
    """Return the body of an authenticated request. Raises BadRequest for other properties."""
    graph.authenticate(request)
    body = json_content(await request.body())
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    # az names what it does not set as well.
    if unknown := {name for name, value in body.items() if value not in (None, [])} - names:
        raise BadRequest(
            f"Local Azure does not support these properties: {', '.join(sorted(unknown))}."
        )
    return body


def _found(request: Request) -> Application:
    """Return the registered application of the path. Raises EntityNotFound."""
    object_id = request.path_params["id"].lower()
    for application in graph.registered(request):
        if graph.object_id_of(application) == object_id:
            return application
    raise graph.EntityNotFound(f"Resource '{object_id}' does not exist.")


def _write(request: Request, application: Application, body: dict[str, Any]) -> None:
    """Write the properties that the body has. Raises BadRequest, AlreadyExists."""
    if body.get("signInAudience") not in {None, _AUDIENCE}:
        raise BadRequest(f"Local Azure has one tenant: signInAudience must be {_AUDIENCE}.")
    uris = body.get("identifierUris")
    if uris is not None:
        _check_unique(_others(request, application), uris)
        application.identifier_uris = uris
    application.display_name = body.get("displayName") or application.display_name
    if "requestedAccessTokenVersion" in (body.get("api") or {}):
        application.token_version = body["api"]["requestedAccessTokenVersion"]
    if "redirectUris" in (body.get("web") or {}):
        application.redirect_uris = body["web"]["redirectUris"]


def _others(request: Request, application: Application) -> Iterator[Application]:
    for other in world_of(request).directory.applications():
        if other is not application:
            yield other


def _check_unique(others: Iterator[Application], uris: list[str]) -> None:
    taken = {uri for other in others for uri in other.identifier_uris}
    for uri in uris:
        if uri in taken:
            raise AlreadyExists(
                "Another object with the same value for property identifierUris already exists."
            )


def _principal(request: Request, application: Application) -> dict[str, Any]:
    return next(
        one for one in service_principals(world_of(request)) if one["appId"] == application.app_id
    )


_APPLICATION: Final = "/v1.0/applications/{id}"
_PRINCIPAL: Final = "/v1.0/servicePrincipals/{id}"

ROUTES = [
    Route("/v1.0/applications", create_application, methods=["POST"]),
    Route(_APPLICATION, update_application, methods=["PATCH"]),
    Route(_APPLICATION, delete_application, methods=["DELETE"]),
    Route(f"{_APPLICATION}/addPassword", add_password, methods=["POST"]),
    Route(f"{_APPLICATION}/removePassword", remove_password, methods=["POST"]),
    Route("/v1.0/servicePrincipals", create_service_principal, methods=["POST"]),
    Route(_PRINCIPAL, delete_service_principal, methods=["DELETE"]),
]
