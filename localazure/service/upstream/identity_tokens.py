"""Tokens of managed identities, which the service keeps and sends with many events.

In Azure the service keeps a token for up to a day, whatever changes meanwhile. Here a new signing
key, another identity or resource, and another version of the resource's tokens apply to the next
event, so that a test need not wait.
"""

from __future__ import annotations

import time
from typing import Final

from localazure.entra.issuance import issue
from localazure.entra.tokens import IDENTITY_TOKEN_SECONDS, Principal
from localazure.world import World

# As azure-core: a token is replaced before it expires.
RENEWAL_SECONDS: Final = 300


def identity_token(world: World, principal: Principal, resource: str) -> str:
    """Return a token of a managed identity that is valid for some minutes more."""
    application = world.directory.for_resource(resource)
    named = (application.app_id, application.token_version) if application else None
    key = (world.keys.current.kid, principal, resource, named)
    tokens = world.service.identity_tokens
    until = time.time() + IDENTITY_TOKEN_SECONDS - RENEWAL_SECONDS
    return tokens.get(key) or tokens.put(key, issue(world, principal, resource), until)
