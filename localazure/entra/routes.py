"""Entra over HTTP: discovery documents, key sets and the token endpoints."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.entra import errors, issuers
from localazure.entra.client_authentication.clients import TokenRequest, authenticate_client
from localazure.entra.issuance import issue
from localazure.entra.sign_in.authorization import authorize, redeem
from localazure.entra.tokens import APPLICATION_TOKEN_SECONDS, Principal
from localazure.world import world_of

_DEFAULT_SCOPE = "/.default"


async def discovery_v1(request: Request) -> JSONResponse:
    """GET /{tenant}/.well-known/openid-configuration."""
    return JSONResponse(issuers.discovery_v1(_authority(request), _tenant(request)))


async def discovery_v2(request: Request) -> JSONResponse:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    return JSONResponse(issuers.discovery_v2(_authority(request), _tenant(request)))


async def keys_v1(request: Request) -> JSONResponse:
    """GET /{tenant}/discovery/keys: keys without an issuer."""
    _tenant(request)
    return JSONResponse(world_of(request).keys.jwks())


async def keys_v2(request: Request) -> JSONResponse:
    """GET /{tenant}/discovery/v2.0/keys: each key names its issuer."""
    world = world_of(request)
    tenant = _tenant(request)
    named = issuers.TENANT_PLACEHOLDER if tenant in issuers.SHARED_TENANTS else tenant
    return JSONResponse(world.keys.jwks(issuers.v2_issuer(_authority(request), named)))


async def instance_discovery(request: Request) -> JSONResponse:
    """GET /common/discovery/instance: the metadata of the one authority."""
    host = _authority(request).removeprefix("https://")
    one = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    tenant = world_of(request).directory.tenant_id
    return JSONResponse(
        {
            "tenant_discovery_endpoint": (
                f"{_authority(request)}/{tenant}/v2.0/.well-known/openid-configuration"
            ),
            "api-version": "1.1",
            "metadata": [one],
        }
    )


async def token_v2(request: Request) -> JSONResponse:
    """POST /{tenant}/oauth2/v2.0/token.

    Client credentials, with a resource's `/.default` as `scope`, or an authorization code.
    """
    form = await _form(request)
    if form.get("grant_type") == "authorization_code":
        client = await _client(request, form)
        return _answer(redeem(world_of(request), client.app_id, form))
    scope = form.get("scope", "")
    if not scope:
        raise errors.missing("scope")
    if not scope.endswith(_DEFAULT_SCOPE) or " " in scope:
        raise errors.wrong_scope(scope)
    return await _client_credentials(request, form, scope.removesuffix(_DEFAULT_SCOPE))


async def token_v1(request: Request) -> JSONResponse:
    """POST /{tenant}/oauth2/token: client credentials, `resource` names the audience."""
    form = await _form(request)
    resource = form.get("resource", "")
    if not resource:
        raise errors.missing("resource")
    return await _client_credentials(request, form, resource)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


async def _client_credentials(
    request: Request, form: dict[str, str], resource: str
) -> JSONResponse:
    world = world_of(request)
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        raise errors.unsupported_grant(grant)
    principal = await _client(request, form)
    return _answer({"access_token": issue(world, principal, resource)})


async def _client(request: Request, form: dict[str, str]) -> Principal:
    asked = TokenRequest(_tenant(request), _authority(request), form)
    return await authenticate_client(world_of(request), request.state.http, asked)


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


def _authority(request: Request) -> str:
    """Return Local Azure's base URL as the client used it: `localhost` or `127.0.0.1`.

    MSAL refuses a document whose endpoints are on another host than its authority.
    """
    base_url = world_of(request).base_url
    other = base_url.replace("localhost", "127.0.0.1")
    used = f"https://{request.headers.get('host', '')}"
    return other if used == other else base_url


def _tenant(request: Request) -> str:
    tenant: str = request.path_params["tenant"].lower()
    if tenant not in world_of(request).tenants and tenant not in issuers.SHARED_TENANTS:
        raise errors.tenant_not_found(tenant)
    return tenant


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
