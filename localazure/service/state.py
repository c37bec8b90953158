"""In-memory state of the service: connections, groups, generated keys and kept tokens."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from localazure.service.authentication.keys import ServiceKeys
from localazure.service.connections.registry import Registry
from localazure.service.expiry_cache import ExpiryCache


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token of Entra says that was verified: its caller, and the key that signed it."""

    object_id: str
    key_id: str


class ServiceState:
    """Connections, keys and tokens of all instances."""

    def __init__(self) -> None:
        self.connections = Registry()
        self._begin()

    def clear(self) -> None:
        """Drop all connections, keys, tokens and groups."""
        self.connections.clear()
        self._begin()

    def _begin(self) -> None:
        self.keys = ServiceKeys()
        # Tokens of managed identities; see upstream.identity_tokens.
        self.identity_tokens: ExpiryCache[Hashable, str] = ExpiryCache()
        # The principals of verified tokens; see authentication.entra.
        self.verified_tokens: ExpiryCache[str, VerifiedToken] = ExpiryCache()
