"""Issuers of workload tokens: Local Azure's own, and OpenID providers on this machine.

Local Azure's own represents a Kubernetes cluster or a pipeline: `POST /_local/workload-tokens`
returns a token of the issuer `<base URL>/_local/issuer`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.control_plane import ControlError, content, reason_of
from localazure.entra import errors
from localazure.world import World, world_of

PATH = "/_local/issuer"
AUDIENCE = "api://AzureADTokenExchange"
_LIFETIME_SECONDS = 3600
_TIMEOUT_SECONDS = 5
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def issuer_of(world: World) -> str:
    """Return the URL of Local Azure's own issuer."""
    return f"{world.base_url}{PATH}"


def workload_token(world: World, subject: str, audience: str = AUDIENCE, **claims: Any) -> str:
    """Return a token of Local Azure's own issuer; `claims` replace members."""
    now = int(time.time())
    key = world.workload_key
    payload = {
        "iss": issuer_of(world),
        "sub": subject,
        "aud": [audience],
        "iat": now,
        "nbf": now,
        "exp": now + _LIFETIME_SECONDS,
        "jti": str(uuid.uuid4()),
    } | claims
    return jwt.encode(payload, key.private_key, algorithm="RS256", headers={"kid": key.kid})


async def issuer_keys(
    world: World, http: aiohttp.ClientSession, issuer: str
) -> Mapping[str, rsa.RSAPublicKey]:
    """Return the RSA keys of an issuer, by their ids. Raises TokenRefused."""
    if issuer == issuer_of(world):
        return {world.workload_key.kid: world.workload_key.private_key.public_key()}
    if urlsplit(issuer).hostname not in _LOOPBACK:
        raise errors.issuer_unreachable(issuer)
    try:
        document = await _json(http, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if urlsplit(str(document["jwks_uri"])).hostname not in _LOOPBACK:
            raise errors.issuer_unreachable(issuer)
        found = (await _json(http, document["jwks_uri"]))["keys"]
        keys = {one["kid"]: jwt.PyJWK(one).key for one in found if one.get("kty") == "RSA"}
    except (
        aiohttp.ClientError,
        TimeoutError,
        ValueError,
        KeyError,
        TypeError,
        jwt.PyJWTError,
    ) as error:
        raise errors.issuer_unreachable(issuer) from error
    return {kid: key for kid, key in keys.items() if isinstance(key, rsa.RSAPublicKey)}


async def _json(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    async with http.get(url, timeout=timeout, raise_for_status=True) as response:
        document: dict[str, Any] = json.loads(await response.read())
        return document


async def discovery(request: Request) -> JSONResponse:
    """GET /_local/issuer/.well-known/openid-configuration."""
    issuer = issuer_of(world_of(request))
    return JSONResponse({"issuer": issuer, "jwks_uri": f"{issuer}/keys"})


async def keys(request: Request) -> JSONResponse:
    """GET /_local/issuer/keys."""
    return JSONResponse({"keys": [world_of(request).workload_key.jwk()]})


async def post_token(request: Request) -> JSONResponse:
    """POST /_local/workload-tokens {subject, audience?, claims?}: a token of this issuer."""
    body = await content(request)
    try:
        audience = body.get("audience", AUDIENCE)
        token = workload_token(
            world_of(request), body["subject"], audience, **body.get("claims", {})
        )
    except (KeyError, TypeError) as error:
        raise ControlError(f"The token cannot be created. {reason_of(error)}") from error
    return JSONResponse({"token": token, "issuer": issuer_of(world_of(request))})


ROUTES = [
    Route("/_local/workload-tokens", post_token, methods=["POST"]),
    Route(f"{PATH}/.well-known/openid-configuration", discovery),
    Route(f"{PATH}/keys", keys),
]
