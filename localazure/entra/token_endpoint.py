"""The token endpoints of Entra: client credentials and authorization codes."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse

from localazure.entra import errors
from localazure.entra.client_authentication.clients import TokenRequest, authenticate_client
from localazure.entra.issuance import issue
from localazure.entra.paths import authority_of, tenant_of
from localazure.entra.sign_in.authorization import redeem
from localazure.entra.tokens import APPLICATION_TOKEN_SECONDS, Principal
from localazure.world import world_of

_DEFAULT_SCOPE = "/.default"


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
    asked = TokenRequest(tenant_of(request), authority_of(request), form)
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
