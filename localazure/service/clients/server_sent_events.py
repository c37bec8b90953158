"""The server-sent events transport: one long answer down, a POST for each message up."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Send

from localazure.service.clients.admission import Admitted, open_connection
from localazure.service.clients.handshake_and_events import run
from localazure.service.connections.connection import SERVER_SENT_EVENTS, Connection
from localazure.service.context import Call

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache,no-store"),
    (b"pragma", b"no-cache"),
    (b"content-encoding", b"identity"),
    (b"x-accel-buffering", b"no"),
]


async def serve_events(
    call: Call, admitted: Admitted, receive: Receive, send: Send, extra: list[tuple[bytes, bytes]]
) -> None:
    """Serve the connection whose answer this is. Raises Refused before the answer starts."""
    token, connection = open_connection(call, admitted)
    connection.transport = SERVER_SENT_EVENTS
    connection.abort_transport = lambda: call.abort(call.scope)
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *extra]})
    await _body(send, b":\r\n\r\n")
    life = asyncio.create_task(run(call, token, connection))
    leaving = asyncio.create_task(_until_disconnected(connection, receive))
    try:
        while (data := await connection.outgoing.get()) is not None:
            await _body(send, _event(data))
        await send({"type": "http.response.body", "body": b""})
    finally:
        connection.incoming.end()
        leaving.cancel()
        await life


async def _until_disconnected(connection: Connection, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    connection.incoming.end()
    connection.outgoing.discard()


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


def _event(data: bytes) -> bytes:
    """Return one event; a line break in upstream's own bytes starts another line of it."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    return b"".join(b"data: " + line + b"\r\n" for line in lines) + b"\r\n"
