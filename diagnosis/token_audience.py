"""What the tokens of a signed template are for.

A v1 token is for what was asked for, a v2 token always for the application's client ID. Source:
"Access token claims reference", aud.
"""

from __future__ import annotations

import re
from typing import Final

from validation.configuration import configuration
from validation.policy import GUID

# A client ID as resource, or in the Application ID URI that Entra proposes.
_CLIENT_ID: Final = re.compile(rf"(?:api://)?({GUID.pattern})/?", re.IGNORECASE)


def audience_of(resource: str) -> str | None:
    """Return the audience of tokens for `resource`; None where that is a client ID not known."""
    return client_id_in(resource) if are_v2() else resource


def are_v2() -> bool:
    """Say whether the receiver demands v2 tokens, as the policy of validation does."""
    return configuration().issuer.endswith("/v2.0")


def client_id_in(resource: str) -> str | None:
    """Return the client ID that `resource` is or holds, as Entra prints it."""
    found = _CLIENT_ID.fullmatch(resource)
    return found[1].lower() if found else None
