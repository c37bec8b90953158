"""Maintenance of connections: pings, time-outs and closing.

One task checks all connections once a second, as the service does for expired tokens.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from localazure.service.connections.connection import LONG_POLLING, Connection
from localazure.service.protocol.frames import Ping
from localazure.world import World

_INTERVAL_SECONDS: Final = 1.0
# A long-polling client that does not poll for this long has left (ASP.NET Core's default).
_UNPOLLED_SECONDS: Final = 15.0


async def maintain_connections(world: World) -> None:
    """Maintain all connections until cancelled."""
    while True:
        await asyncio.sleep(_INTERVAL_SECONDS)
        for connection in world.service.connections:
            maintain(world, connection)


def maintain(world: World, connection: Connection) -> None:
    """Ping a connection or end it, if that is due."""
    now = time.monotonic()
    if world.resources.get(connection.instance_id) is None:
        connection.is_forgotten = True
        connection.abort()
    elif _is_unpolled(connection, now):
        connection.outgoing.discard()
        connection.incoming.end()
    elif connection.protocol is not None:
        _maintain_open(connection, now)


def _maintain_open(connection: Connection, now: float) -> None:
    timing, closes_at = connection.timing, connection.identity.closes_at
    if closes_at is not None and time.time() >= closes_at:
        connection.close("The access token expired.", allow_reconnect=True)
    elif now - connection.received_at > timing.timeout and not connection.incoming.is_full:
        error = f"Client timeout ({timing.timeout:g}s) elapsed without receiving a message."
        connection.close(error, allow_reconnect=True)
    elif now - connection.sent_at >= timing.keep_alive:
        connection.send(Ping())


def _is_unpolled(connection: Connection, now: float) -> bool:
    return (
        connection.transport == LONG_POLLING
        and not connection.polls
        and now - connection.polled_at > _UNPOLLED_SECONDS
    )
