"""Entra over HTTP: discovery documents, key sets and the token endpoints."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.entra import issuers
from localazure.entra.paths import authority_of, tenant_of
from localazure.entra.sign_in.authorization import authorize
from localazure.entra.token_endpoint import token_v1, token_v2
from localazure.world import world_of


async def discovery_v1(request: Request) -> JSONResponse:
    """GET /{tenant}/.well-known/openid-configuration."""
    return JSONResponse(issuers.discovery_v1(authority_of(request), tenant_of(request)))


async def discovery_v2(request: Request) -> JSONResponse:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    return JSONResponse(issuers.discovery_v2(authority_of(request), tenant_of(request)))


async def keys_v1(request: Request) -> JSONResponse:
    """GET /{tenant}/discovery/keys: keys without an issuer."""
    tenant_of(request)
    return JSONResponse(world_of(request).keys.jwks())


async def keys_v2(request: Request) -> JSONResponse:
    """GET /{tenant}/discovery/v2.0/keys: each key names its issuer."""
    world = world_of(request)
    tenant = tenant_of(request)
    named = issuers.TENANT_PLACEHOLDER if tenant in issuers.SHARED_TENANTS else tenant
    return JSONResponse(world.keys.jwks(issuers.v2_issuer(authority_of(request), named)))


async def instance_discovery(request: Request) -> JSONResponse:
    """GET /common/discovery/instance: the metadata of the one authority."""
    host = authority_of(request).removeprefix("https://")
    one = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    tenant = world_of(request).directory.tenant_id
    return JSONResponse(
        {
            "tenant_discovery_endpoint": (
                f"{authority_of(request)}/{tenant}/v2.0/.well-known/openid-configuration"
            ),
            "api-version": "1.1",
            "metadata": [one],
        }
    )


ROUTES = [
    Route("/{tenant}/.well-known/openid-configuration", discovery_v1),
    Route("/{tenant}/v2.0/.well-known/openid-configuration", discovery_v2),
    Route("/{tenant}/discovery/instance", instance_discovery),
    Route("/{tenant}/discovery/keys", keys_v1),
    Route("/{tenant}/discovery/v2.0/keys", keys_v2),
    Route("/{tenant}/oauth2/token", token_v1, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/token", token_v2, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/authorize", authorize, methods=["GET", "POST"]),
]
