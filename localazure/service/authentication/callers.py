"""Authorise a caller of the REST API: by access key, which allows everything, or by data action."""

from __future__ import annotations

import jwt

from localazure.service.authentication.entra import is_verified, may, read_entra_token
from localazure.service.authentication.tokens import (
    Unauthorized,
    read_key_token,
    require_audience,
)
from localazure.service.context import Call


class Forbidden(Exception):
    """The caller's roles do not allow the action."""


def authorize(call: Call, token: str | None, action: str) -> None:
    """Check that the caller may perform `action`. Raises Unauthorized, Forbidden.

    Only Entra callers receive temporary keys.
    """
    world, instance = call.world, call.instance
    if not token:
        raise Unauthorized("")
    if not is_verified(world, token) and _is_key_token(token):
        claims = read_key_token(world.service.keys, instance, token)
        require_audience(claims, call.hosts, call.path)
        if action.startswith("auth/accessKey"):
            raise Forbidden
        return
    if not instance.uses_entra:
        raise Unauthorized("Microsoft Entra authentication is disabled")
    if not may(world, instance, read_entra_token(world, token), action):
        raise Forbidden


def _is_key_token(token: str) -> bool:
    try:
        algorithm: object = jwt.get_unverified_header(token).get("alg")
    except jwt.InvalidTokenError as error:
        raise Unauthorized("The token is malformed") from error
    return algorithm == "HS256"
