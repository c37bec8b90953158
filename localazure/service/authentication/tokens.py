"""Verification of tokens signed with a key, and of their audience.

HS256 over the UTF-8 bytes of the key's text. The service compares the audience with the URL without
its query: SDKs until 2024 put the query into it. That an `iss` other than the SDK's is refused, and
that there is no leeway, are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import jwt

from localazure.service.authentication.keys import ServiceKeys
from localazure.service.instances import Instance

ISSUER: Final = "azure-signalr"
MAXIMUM_CHARACTERS: Final = 4096
CLIENT_PATH: Final = "/client"


class Unauthorized(Exception):
    """The token is missing or invalid; the text says why, as in the service's header."""


def read_key_token(keys: ServiceKeys, instance: Instance, token: str) -> dict[str, Any]:
    """Return the claims of a token signed with one of the instance's keys. Raises Unauthorized."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise Unauthorized("The token is malformed") from error
    failure = Unauthorized("The signature key was not found")
    for secret in _secrets(keys, instance, header.get("kid")):
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                options={"require": ["exp", "aud"], "verify_aud": False},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as error:
            failure = Unauthorized(_description(error))
            continue
        if claims.get("iss", ISSUER) != ISSUER:
            raise Unauthorized("The issuer is invalid")
        return claims
    raise failure


def require_audience(claims: dict[str, Any], hosts: frozenset[str], path: str) -> str:
    """Return the query of the audience that names one of `hosts` and `path`.

    Hosts are compared without port. Raises Unauthorized.
    """
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    for audience in audiences:
        try:
            parts = urlsplit(str(audience))
        except ValueError:
            continue
        is_path = parts.path.rstrip("/").lower().endswith(path.rstrip("/").lower())
        if parts.scheme in ("https", "http") and (parts.hostname or "") in hosts and is_path:
            return parts.query
    raise Unauthorized("The audience is invalid")


def require_client_audience(claims: dict[str, Any], hosts: frozenset[str], hub: str) -> None:
    """Refuse a token for another client URL or another hub. Raises Unauthorized."""
    query = require_audience(claims, hosts, CLIENT_PATH)
    named = parse_qs(query).get("hub", [""])[0]
    if named.lower() != hub:
        raise Unauthorized("The audience is invalid")


def _secrets(keys: ServiceKeys, instance: Instance, key_id: object) -> Iterator[str]:
    made = keys.find(instance.id, key_id) if isinstance(key_id, str) else None
    if made is not None:
        yield made
    yield from instance.access_keys


def _description(error: jwt.InvalidTokenError) -> str:
    if isinstance(error, jwt.ExpiredSignatureError):
        return "The token expired"
    if isinstance(error, jwt.ImmatureSignatureError):
        return "The token is not valid yet"
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token has no '{error.claim}' claim"
    return "The token is invalid"
