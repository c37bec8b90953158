"""Callers with a token of Entra: their identity, and the data actions that their roles allow.

Source: Microsoft's "Authorize access with Microsoft Entra ID for Azure SignalR Service".
"""

from __future__ import annotations

from typing import Any, Final

import jwt

from localazure.arm.guard import roles_of
from localazure.entra.issuers import v1_issuer
from localazure.service.authentication.tokens import Unauthorized
from localazure.service.instances import Instance
from localazure.service.state import VerifiedToken
from localazure.world import World

AUDIENCES: Final = ("https://signalr.azure.com", "https://signalr.azure.com/")
ACTIONS: Final = "Microsoft.SignalRService/SignalR"


def is_verified(world: World, token: str) -> bool:
    """Whether the token was verified before, and still has to be accepted as Entra's."""
    return world.service.verified_tokens.get(token) is not None


def read_entra_token(world: World, token: str) -> str:
    """Return the object id of the caller. Raises Unauthorized.

    A verified token is not verified again while it is valid and its key is published.
    """
    known = world.service.verified_tokens.get(token)
    if known is not None and world.keys.find(known.key_id) is not None:
        return known.object_id
    try:
        key = world.keys.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise Unauthorized("The signature key was not found")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public_pem,
            algorithms=["RS256"],
            audience=AUDIENCES,
            issuer=v1_issuer(world.directory.tenant_id),
            options={"require": ["exp", "iss", "aud", "oid"]},
        )
    except jwt.InvalidAudienceError as error:
        raise Unauthorized("The audience is invalid") from error
    except jwt.InvalidIssuerError as error:
        raise Unauthorized("The issuer is invalid") from error
    except jwt.ExpiredSignatureError as error:
        raise Unauthorized("The token expired") from error
    except jwt.InvalidTokenError as error:
        raise Unauthorized("The token is invalid") from error
    verified = VerifiedToken(str(claims["oid"]), key.kid)
    return world.service.verified_tokens.put(token, verified, int(claims["exp"])).object_id


def may(world: World, instance: Instance, object_id: str, action: str) -> bool:
    """Whether a role of the principal allows a data action on the instance, such as `user/read`."""
    held = roles_of(world, object_id, instance.resource.id)
    return any(role.allows_data(f"{ACTIONS}/{action}") for role in held)
