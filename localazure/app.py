"""The ASGI application: Entra, ARM and the control plane at one base URL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from localazure import control_plane
from localazure.arm import errors as arm_errors
from localazure.arm import inventory, metadata
from localazure.arm.authorization.assignments import assignments
from localazure.arm.authorization.definitions import definitions, permissions
from localazure.arm.headers import add_headers
from localazure.arm.identities.routes import PROVIDERS as MANAGED_IDENTITY
from localazure.arm.keyvault import data_plane
from localazure.arm.keyvault.routes import PROVIDERS as KEY_VAULT
from localazure.arm.network import endpoints
from localazure.arm.resource_groups import groups
from localazure.arm.signalr.routes import PROVIDERS as SIGNALR
from localazure.arm.subscriptions import subscriptions
from localazure.arm.web.routes import PROVIDERS as WEB
from localazure.entra import errors as entra_errors
from localazure.entra import metadata_service
from localazure.entra import routes as entra
from localazure.entra.client_authentication import workload_issuer
from localazure.entra.directory import graph, registrations
from localazure.service import control_plane as service
from localazure.service.clients.keep_alive import maintain_connections
from localazure.service.upstream.http import http_client
from localazure.serving.hosts import Hosts
from localazure.sites import routes as sites
from localazure.world import World

_ARM_PREFIXES = ("/subscriptions", "/providers", "/keyvault", "/metadata/endpoints")

PROVIDERS = (
    subscriptions,
    groups,
    inventory.providers,
    inventory.resources,
    *SIGNALR,
    endpoints,
    *MANAGED_IDENTITY,
    *KEY_VAULT,
    *WEB,
    assignments,
    definitions,
    permissions,
)


def application(world: World, load_seed: Callable[[World], None]) -> Starlette:
    """Return the application for a world; `load_seed` fills the world again after a reset."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        upkeep = asyncio.create_task(maintain_connections(world))
        async with http_client() as http:
            yield {"http": http}
        upkeep.cancel()

    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Hosts), Middleware(_WithoutExtraSlashes)],
        lifespan=lifespan,
        exception_handlers={
            arm_errors.ArmError: _arm_error,
            entra_errors.TokenRefused: entra_errors.response,
            control_plane.ControlError: control_plane.refused,
            HTTPException: _not_served,
            Exception: _internal_error,
        },
    )
    app.state.world = world
    app.state.providers = PROVIDERS
    app.state.load_seed = load_seed
    return app


def _routes() -> list[BaseRoute]:
    arm: list[BaseRoute] = [route for provider in PROVIDERS for route in provider.routes]
    azure = (entra, graph, registrations, metadata, metadata_service, data_plane, sites)
    return [
        route
        for module in (control_plane, service, workload_issuer, *azure)
        for route in module.ROUTES
    ] + arm


class _WithoutExtraSlashes:
    """ASGI middleware: ARM and Key Vault ignore further slashes at the start and end of a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path = f"/{scope['path'].strip('/')}"
            if path.startswith(_ARM_PREFIXES):
                scope = dict(scope) | {"path": path}
        await self._app(scope, receive, send)


def _arm_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, arm_errors.ArmError)  # noqa: S101
    return add_headers(request, error.response())


def _internal_error(request: Request, _error: Exception) -> Response:
    error = arm_errors.InternalServerError(
        "Local Azure failed to process the request; its standard error has the traceback."
    )
    return add_headers(request, error.response())


def _not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    path = request.url.path
    refusal: arm_errors.ArmError = arm_errors.RouteNotFound(path)
    if error.status_code == arm_errors.MethodNotAllowed.status:
        refusal = arm_errors.MethodNotAllowed(f"'{path}' does not support {request.method}.")
    return add_headers(request, refusal.response())
