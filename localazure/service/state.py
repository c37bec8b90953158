"""In-memory state of the service: connections, groups and generated keys."""

from __future__ import annotations

from localazure.service.authentication.keys import ServiceKeys
from localazure.service.connections.registry import Registry


class ServiceState:
    """Connections and keys of all instances."""

    def __init__(self) -> None:
        self.connections = Registry()
        self.keys = ServiceKeys()

    def clear(self) -> None:
        """Drop all connections, keys and groups."""
        self.connections.clear()
        self.keys = ServiceKeys()
