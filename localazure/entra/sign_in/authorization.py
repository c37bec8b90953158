"""Interactive sign-in: the authorize endpoint, and the exchange of a code for tokens.

Source: Microsoft's "Microsoft identity platform and OAuth 2.0 authorization code flow". There are
no passwords: you choose a user from a list.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from localazure.entra import errors
from localazure.entra.directory.home_tenant import Application, User
from localazure.entra.issuance import GRAPH
from localazure.entra.sign_in import page
from localazure.entra.sign_in.codes import Grant
from localazure.entra.tokens import Principal, claims_of_user, claims_v1, correlation, sign
from localazure.world import World, world_of


async def authorize(request: Request) -> Response:
    """GET shows the users; POST redirects to the application with a code for the chosen one.

    An unknown application or redirect URI is reported on a page, as Entra does; all other errors
    go to the application.
    """
    world = world_of(request)
    asked = await _asked(request)
    try:
        application = _application(world, request.path_params["tenant"].lower(), asked)
    except errors.TokenRefused as error:
        return HTMLResponse(page.refusal(error), status_code=error.status)
    try:
        _check(asked)
        if request.method == "GET":
            users = world.directory.users()
            return HTMLResponse(page.choice(application, users, asked))
        return _back(asked, code=_code(world, asked), session_state=secrets.token_hex(16))
    except errors.TokenRefused as error:
        text = errors.description(error, correlation())
        return _back(asked, error=error.error, error_description=text)


def redeem(world: World, client_id: str, form: Mapping[str, str]) -> dict[str, str]:
    """Exchange a code for tokens. Raises TokenRefused."""
    for name in ("code", "redirect_uri"):
        if not form.get(name):
            raise errors.missing(name)
    grant = world.codes.redeem(
        form["code"], client_id, form["redirect_uri"], form.get("code_verifier", "")
    )
    user = world.directory.find_user(grant.user_id)
    if user is None:
        raise errors.code_not_valid()
    tokens = {"scope": grant.scope, "access_token": _access_token(world, user, client_id)}
    if "openid" in grant.scope.split():
        claims = claims_of_user(user, client_id, world.base_url, world.directory.tenant_id)
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        tokens["id_token"] = sign(claims | nonce, world.keys.current)
    return tokens


async def _asked(request: Request) -> dict[str, str]:
    if request.method == "GET":
        return dict(request.query_params)
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _application(world: World, tenant: str, asked: Mapping[str, str]) -> Application:
    """Return the application, whose redirect URI has to be registered. Raises TokenRefused."""
    if tenant != world.directory.tenant_id:
        raise errors.tenant_not_found(tenant)
    for name in ("client_id", "redirect_uri"):
        if not asked.get(name):
            raise errors.missing(name)
    application = world.directory.find(asked["client_id"])
    if application is None:
        raise errors.application_not_found(asked["client_id"], tenant)
    if not any(_matches(uri, asked["redirect_uri"]) for uri in application.redirect_uris):
        raise errors.redirect_uri_not_registered(asked["redirect_uri"], application.app_id)
    return application


def _matches(registered: str, asked: str) -> bool:
    """Compare exactly, except that any port of localhost matches (RFC 8252 section 7.3)."""
    known, given = urlsplit(registered), urlsplit(asked)
    if known.scheme == "http" and known.hostname == given.hostname == "localhost":
        return known._replace(netloc="") == given._replace(netloc="")
    return registered == asked


def _check(asked: Mapping[str, str]) -> None:
    """Check the parameters. Raises TokenRefused."""
    for name in ("response_type", "scope"):
        if not asked.get(name):
            raise errors.missing(name)
    if asked["response_type"] != "code":
        raise errors.unsupported_response(asked["response_type"])
    if asked.get("response_mode", "query") != "query":
        raise errors.unsupported_mode(asked["response_mode"])
    method = asked.get("code_challenge_method", "plain")
    if asked.get("code_challenge") and method != "S256":
        raise errors.unsupported_challenge(method)
    if asked.get("prompt") == "none":
        raise errors.sign_in_required()


def _code(world: World, asked: Mapping[str, str]) -> str:
    user = world.directory.find_user(asked.get(page.USER, ""))
    if page.CANCEL in asked or user is None:
        raise errors.consent_declined()
    return world.codes.give(
        Grant(
            user_id=user.object_id,
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            scope=asked["scope"],
            nonce=asked.get("nonce", ""),
            challenge=asked.get("code_challenge", ""),
        )
    )


def _back(asked: Mapping[str, str], **answer: str) -> Response:
    """Redirect to the application, with the `state` of its request."""
    if "state" in asked:
        answer["state"] = asked["state"]
    address = asked["redirect_uri"]
    joint = "&" if urlsplit(address).query else "?"
    return RedirectResponse(f"{address}{joint}{urlencode(answer)}", status_code=302)


def _access_token(world: World, user: User, client_id: str) -> str:
    """Return a token for Microsoft Graph on behalf of the user."""
    principal = Principal(world.directory.tenant_id, user.object_id, client_id)
    delegated = {"scp": "openid profile User.Read", "upn": user.user_principal_name}
    return sign(claims_v1(principal, GRAPH) | delegated, world.keys.current)
