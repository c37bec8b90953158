"""ARM's authentication of the caller, and authorization of the request."""

from __future__ import annotations

from typing import Any

import jwt

from localazure.arm import errors
from localazure.arm.authorization import effective_roles
from localazure.arm.authorization.roles import Role
from localazure.entra.issuers import v1_issuer
from localazure.entra.tokens import Principal
from localazure.world import World

# azure-identity requests the first, `az` the last.
AUDIENCES = (
    "https://management.azure.com",
    "https://management.azure.com/",
    "https://management.core.windows.net",
    "https://management.core.windows.net/",
)
_REQUIRED = ["exp", "iss", "aud", "tid", "oid", "appid"]


def authenticate(
    world: World, authorization: str, audiences: tuple[str, ...] = AUDIENCES
) -> Principal:
    """Return the principal of a bearer token. Raises Unauthenticated with the reason.

    The JavaScript SDK derives its audience from the endpoint, so Local Azure's own URL is accepted.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "Authentication failed. The 'Authorization' header is missing or no bearer token."
        raise errors.TokenMissing(message, _challenge(world))
    own = (world.base_url, world.base_url.replace("localhost", "127.0.0.1"))
    claims = _verified(world, token, (*audiences, *own, *(f"{one}/" for one in own)))
    return Principal(claims["tid"], claims["oid"], claims["appid"])


def authorize(world: World, principal: Principal, action: str, scope: str) -> None:
    """Refuse unless one of the principal's roles allows the action. Raises Forbidden."""
    if not _may(world, principal, action, scope):
        raise errors.Forbidden(principal.object_id, action, scope)


def authorize_linked(world: World, principal: Principal, action: str, scope: str) -> None:
    """Authorize an action on a resource that the written one refers to. Raises LinkedForbidden."""
    if not _may(world, principal, action, scope):
        raise errors.LinkedForbidden(principal.object_id, action, scope)


def _may(world: World, principal: Principal, action: str, scope: str) -> bool:
    return any(role.allows(action) for role in roles_of(world, principal.object_id, scope))


def roles_of(world: World, object_id: str, scope: str) -> list[Role]:
    """Return the roles that a principal has at a scope, directly and through its groups."""
    return effective_roles.roles_of(world.resources, world.directory.with_groups(object_id), scope)


def _verified(world: World, token: str, audiences: tuple[str, ...]) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(world, token),
            algorithms=["RS256"],
            audience=audiences,
            issuer=v1_issuer(world.directory.tenant_id),
            options={"require": _REQUIRED},
        )
    except jwt.ExpiredSignatureError as error:
        message = "The access token expiry UTC time is earlier than current UTC time."
        raise errors.TokenExpired(message, _challenge(world, message)) from error
    except jwt.InvalidTokenError as error:
        message = f"The access token is invalid: {error}"
        raise errors.Unauthenticated(message, _challenge(world, message)) from error
    return claims


def _key(world: World, token: str) -> bytes:
    key = world.keys.find(jwt.get_unverified_header(token).get("kid"))
    if key is None:
        raise jwt.InvalidTokenError("its signing key is not known.")
    return key.public_pem


def _challenge(world: World, description: str = "") -> dict[str, str]:
    uri = f"{world.base_url}/{world.directory.tenant_id}"
    value = f'Bearer authorization_uri="{uri}"'
    if description:
        quoted = description.replace('"', "'")
        value += f', error="invalid_token", error_description="{quoted}"'
    return {"WWW-Authenticate": value}
