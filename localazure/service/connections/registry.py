"""All connections of all instances, and negotiated ones that are not open yet."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from localazure.service.connections.connection import Connection
from localazure.service.connections.hub import Hub

# A client has to connect within this time of negotiating. The service gives it 5 seconds
# (Microsoft's troubleshooting guide): a busy machine may need more.
PENDING_SECONDS: Final = 30.0

Place = tuple[str, str]


@dataclass(frozen=True)
class Pending:
    """A negotiated connection that has not been opened: its id, hub and end."""

    connection_id: str
    place: Place
    expires: float


class Registry:
    """Connections by instance and hub; `place` is an instance's id and a hub, in lower case."""

    def __init__(self) -> None:
        self._hubs: dict[Place, Hub] = {}
        self._open: dict[str, Connection] = {}
        self._pending: dict[str, Pending] = {}
        self._counts: Counter[str] = Counter()

    def hub(self, place: Place) -> Hub:
        """Return a hub, which need not have connections."""
        return self._hubs.setdefault(place, Hub())

    def negotiate(self, place: Place, *, has_token: bool) -> tuple[str, str]:
        """Return id and token of a new connection: equal, unless `has_token`."""
        now = time.monotonic()
        for token in [key for key, one in self._pending.items() if one.expires <= now]:
            del self._pending[token]
        connection_id = secrets.token_urlsafe(16)
        token = secrets.token_urlsafe(24) if has_token else connection_id
        self._pending[token] = Pending(connection_id, place, now + PENDING_SECONDS)
        return connection_id, token

    def claim(self, token: str, place: Place) -> str | None:
        """Return the id of a negotiated connection that is opened now; None: unknown or late."""
        pending = self._pending.get(token)
        if pending is None or pending.place != place or pending.expires <= time.monotonic():
            return None
        del self._pending[token]
        return pending.connection_id

    def open(self, token: str, connection: Connection) -> None:
        """Add a connection whose transport is open; it joins its hub after the handshake."""
        self._open[token] = connection
        self._counts[connection.instance_id] += 1

    def find(self, token: str, place: Place) -> Connection | None:
        """Return an open connection by its token."""
        connection = self._open.get(token)
        if connection is None or (connection.instance_id, connection.hub) != place:
            return None
        return connection

    def forget(self, token: str) -> None:
        """Remove a connection that has ended."""
        connection = self._open.pop(token, None)
        if connection is not None:
            self._counts[connection.instance_id] -= 1

    def count(self, instance_id: str) -> int:
        """Return how many connections an instance has."""
        return self._counts[instance_id]

    def __iter__(self) -> Iterator[Connection]:
        """Iterate over a copy of the open connections."""
        return iter(list(self._open.values()))

    def clear(self) -> None:
        """Drop all connections and groups; nothing is sent upstream."""
        for connection in self:
            connection.is_forgotten = True
            connection.abort()
        self._open.clear()
        self._counts.clear()
        self._hubs.clear()
        self._pending.clear()
