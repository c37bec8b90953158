"""Entra over HTTP: discovery documents, key sets and the token endpoints."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.entra import errors, issuers
from localazure.entra.issuing import issue
from localazure.entra.signing_in import authorize, redeem
from localazure.entra.tokens import APPLICATION_TOKEN_SECONDS, Principal
from localazure.world import World, world_of

_DEFAULT_SCOPE = "/.default"


async def discovery_v1(request: Request) -> JSONResponse:
    """GET /{tenant}/.well-known/openid-configuration."""
    return JSONResponse(issuers.discovery_v1(world_of(request).base_url, _tenant(request)))


async def discovery_v2(request: Request) -> JSONResponse:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    return JSONResponse(issuers.discovery_v2(world_of(request).base_url, _tenant(request)))


async def keys_v1(request: Request) -> JSONResponse:
    """GET /{tenant}/discovery/keys: keys without an issuer."""
    _tenant(request)
    return JSONResponse(world_of(request).keys.jwks())


async def keys_v2(request: Request) -> JSONResponse:
    """GET /{tenant}/discovery/v2.0/keys: each key names its issuer."""
    world = world_of(request)
    tenant = _tenant(request)
    named = issuers.TENANT_PLACEHOLDER if tenant in issuers.SHARED_TENANTS else tenant
    return JSONResponse(world.keys.jwks(issuers.v2_issuer(world.base_url, named)))


async def token_v2(request: Request) -> JSONResponse:
    """POST /{tenant}/oauth2/v2.0/token.

    Client credentials, with a resource's `/.default` as `scope`, or an authorization code.
    """
    form = await _form(request)
    if form.get("grant_type") == "authorization_code":
        client = authenticated(world_of(request), _tenant(request), form)
        return _answer(redeem(world_of(request), client.app_id, form))
    scope = form.get("scope", "")
    if not scope:
        raise errors.missing("scope")
    if not scope.endswith(_DEFAULT_SCOPE) or " " in scope:
        raise errors.wrong_scope(scope)
    return _client_credentials(request, form, scope.removesuffix(_DEFAULT_SCOPE))


async def token_v1(request: Request) -> JSONResponse:
    """POST /{tenant}/oauth2/token: client credentials, `resource` names the audience."""
    form = await _form(request)
    resource = form.get("resource", "")
    if not resource:
        raise errors.missing("resource")
    return _client_credentials(request, form, resource)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _client_credentials(request: Request, form: dict[str, str], resource: str) -> JSONResponse:
    world = world_of(request)
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        raise errors.unsupported_grant(grant)
    principal = authenticated(world, _tenant(request), form)
    return _answer({"access_token": issue(world, principal, resource)})


def _answer(tokens: dict[str, str]) -> JSONResponse:
    return JSONResponse(
        {
            "token_type": "Bearer",
            "expires_in": APPLICATION_TOKEN_SECONDS,
            "ext_expires_in": APPLICATION_TOKEN_SECONDS,
            **tokens,
        },
        headers={"Cache-Control": "no-store, no-cache"},
    )


def authenticated(world: World, tenant: str, form: dict[str, str]) -> Principal:
    """Return the client that a form proves to be. Raises TokenRefused."""
    if tenant != world.directory.tenant_id:
        raise errors.tenant_not_found(tenant)
    app_id = form.get("client_id", "")
    application = world.directory.find(app_id)
    if application is None:
        raise errors.application_not_found(app_id, tenant)
    if not application.accepts(form.get("client_secret", "")):
        raise errors.wrong_secret(app_id)
    return Principal(tenant, application.principal_id, application.app_id)


def _tenant(request: Request) -> str:
    tenant: str = request.path_params["tenant"].lower()
    if tenant not in world_of(request).tenants and tenant not in issuers.SHARED_TENANTS:
        raise errors.tenant_not_found(tenant)
    return tenant


ROUTES = [
    Route("/{tenant}/.well-known/openid-configuration", discovery_v1),
    Route("/{tenant}/v2.0/.well-known/openid-configuration", discovery_v2),
    Route("/{tenant}/discovery/keys", keys_v1),
    Route("/{tenant}/discovery/v2.0/keys", keys_v2),
    Route("/{tenant}/oauth2/token", token_v1, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/token", token_v2, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/authorize", authorize, methods=["GET", "POST"]),
]
