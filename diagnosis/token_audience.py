"""The audience of the tokens that a signed template requests.

The audience of a v1 token is the requested resource; that of a v2 token is always the
application's client ID. Source: "Access token claims reference", aud.
"""

from __future__ import annotations

import re
from typing import Final

from validation.configuration import configuration
from validation.policy import GUID

# A client ID, by itself or in the Application ID URI that Entra proposes.
_CLIENT_ID: Final = re.compile(rf"(?:api://)?({GUID.pattern})/?", re.IGNORECASE)


def audience_of(resource: str) -> str | None:
    """Return the audience of tokens for `resource`; None where it is an unknown client ID."""
    return client_id_in(resource) if are_v2() else resource


def are_v2() -> bool:
    """Return whether the receiver is configured for v2 tokens."""
    return configuration().issuer.endswith("/v2.0")


def client_id_in(resource: str) -> str | None:
    """Return the client ID in `resource`, in lower case; None where it has none."""
    found = _CLIENT_ID.fullmatch(resource)
    return found[1].lower() if found else None
