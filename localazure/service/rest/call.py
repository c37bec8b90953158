"""A parsed request of the REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from localazure.service.connections.connection import Connection
from localazure.service.connections.hub import Hub
from localazure.service.context import Call
from localazure.service.rest.errors import invalid, no_connection

V1 = "v1"

# The values of each parameter.
Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class RestCall:
    """A request: its api-version (or V1), the names in its path, and its body.

    `names` has what the path names: hub (in lower case, with its application), user, group,
    connection.
    """

    call: Call
    version: str
    names: dict[str, str]
    body: bytes
    content_type: str = ""
    query: Query = field(default_factory=dict)

    @property
    def hub(self) -> Hub:
        """The hub that the path names."""
        return self.call.world.service.connections.hub((self.call.instance.id, self.names["hub"]))

    @property
    def excluded(self) -> Sequence[str]:
        """The connection ids to leave out."""
        return self.query.get("excluded", ())

    def text(self, name: str) -> str | None:
        """Return a query parameter."""
        return self.query.get(name, [None])[0]

    def number(self, name: str, default: int | None, *, least: int = 0) -> int | None:
        """Return a query parameter that is a whole number. Raises RestError."""
        text = self.text(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise invalid(f"'{name}' must be a whole number of at least {least}.", name)
        return value

    def connection(self) -> Connection:
        """Return the connection that the path names. Raises RestError."""
        found = self.hub.connections.get(self.names["connection"])
        if found is None:
            raise no_connection(self.names["connection"])
        return found
