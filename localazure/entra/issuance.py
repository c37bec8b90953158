"""Issuance of tokens to principals."""

from __future__ import annotations

from typing import Any

from localazure.entra.tokens import Principal, claims_v1, claims_v2, sign
from localazure.world import World

_V2 = 2
# The resource of an identity's token where none is set. Source: Microsoft's "Managed
# identities for Azure SignalR Service".
GRAPH = "https://graph.microsoft.com"


def claims_for(world: World, principal: Principal, resource: str) -> dict[str, Any]:
    """Return the claims of a token: v1, unless the resource's application requests v2."""
    application = world.directory.for_resource(resource)
    if application is not None and application.token_version == _V2:
        return claims_v2(principal, application.app_id, world.base_url)
    return claims_v1(principal, resource or GRAPH)


def issue(world: World, principal: Principal, resource: str) -> str:
    """Return a valid token."""
    return sign(claims_for(world, principal, resource), world.keys.current)
