"""The long polling transport: repeated GETs down, a POST for each message up, DELETE to end.

Source: dotnet/aspnetcore, TransportProtocols.md: the first GET is answered at once with an empty
200, 204 says that the connection has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from starlette.responses import Response
from starlette.types import Receive

from localazure.service.clients.admission import Admitted, open_connection
from localazure.service.clients.handshake_and_events import run
from localazure.service.connections.connection import LONG_POLLING, Connection
from localazure.service.context import Call

_POLL_SECONDS: Final = 90
_BINARY = "application/octet-stream"

# asyncio keeps weak references to tasks only.
_lives: set[asyncio.Task[None]] = set()


def start_polling(call: Call, admitted: Admitted) -> Response:
    """Open a connection, and answer its first poll. Raises Refused."""
    token, connection = open_connection(call, admitted)
    connection.transport = LONG_POLLING
    connection.polled_at = time.monotonic()
    life = asyncio.create_task(run(call, token, connection))
    _lives.add(life)
    life.add_done_callback(_lives.discard)
    return Response(media_type=_BINARY)


async def poll(call: Call, connection: Connection, receive: Receive) -> Response:
    """Answer a poll with all pending data of the client."""
    connection.polls += 1
    connection.abort_transport = lambda: call.abort(call.scope)
    try:
        await _wait(connection, receive)
    finally:
        connection.polls -= 1
        connection.abort_transport = None
        connection.polled_at = time.monotonic()
    data = connection.outgoing.drain()
    if not data and connection.outgoing.has_ended:
        return Response(status_code=204)
    return Response(data, media_type=_BINARY)


async def _wait(connection: Connection, receive: Receive) -> None:
    """Wait for data, the end, the client's departure or the end of the poll."""
    readable = asyncio.create_task(connection.outgoing.wait())
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait(
            {readable, gone}, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in (readable, gone):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
