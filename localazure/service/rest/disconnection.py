"""Closing connections from the server's side.

The close frame lets clients reconnect, as the emulator's does: a client that has automatic
reconnection reconnects at once, through the application's own negotiation.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from localazure.service.connections.connection import Connection
from localazure.service.connections.hub import without
from localazure.service.rest.call import V1, RestCall

_ACCEPTED, _NO_CONTENT = 202, 204


def close_connection(rest: RestCall) -> Response:
    """Close one connection; success also where it does not exist."""
    found = rest.hub.connections.get(rest.names["connection"])
    _close(rest, [found] if found else [])
    return Response(status_code=_ACCEPTED if rest.version == V1 else 200)


def close_all(rest: RestCall) -> Response:
    """Close all connections of the hub."""
    return _close(rest, rest.hub.connections.values())


def close_user(rest: RestCall) -> Response:
    """Close the connections of a user."""
    return _close(rest, rest.hub.of_user(rest.names["user"]))


def close_group(rest: RestCall) -> Response:
    """Close the connections in a group."""
    return _close(rest, rest.hub.of_group(rest.names["group"]))


def _close(rest: RestCall, connections: Iterable[Connection]) -> Response:
    for connection in without(connections, rest.excluded):
        connection.close(rest.text("reason"), allow_reconnect=True)
    return Response(status_code=_NO_CONTENT)
