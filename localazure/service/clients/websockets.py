"""The WebSockets transport."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Send

from localazure.service.clients.admission import admit, open_connection
from localazure.service.clients.handshake_and_events import run
from localazure.service.clients.refusals import Refused
from localazure.service.connections.connection import Connection
from localazure.service.context import Call


async def serve_websocket(call: Call, receive: Receive, send: Send) -> None:
    """Serve a WebSocket from its upgrade to its end."""
    await receive()
    try:
        token, connection = open_connection(call, admit(call))
    except Refused as refusal:
        await refusal.response(call.scope, receive, send)
        return
    connection.abort_transport = lambda: call.abort(call.scope)
    await send({"type": "websocket.accept"})
    life = asyncio.create_task(run(call, token, connection))
    writer = asyncio.create_task(_write(connection, send))
    try:
        await _read(connection, receive)
    finally:
        connection.incoming.end()
        await life
        await writer


async def _read(connection: Connection, receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("bytes")
        if data is None:
            data = message["text"].encode("utf-8")
        await connection.receive(data)


async def _write(connection: Connection, send: Send) -> None:
    """Send pending data, then close. The handshake response is text in both protocols."""
    is_binary = False
    try:
        while (data := await connection.outgoing.get()) is not None:
            if is_binary:
                await send({"type": "websocket.send", "bytes": data})
            else:
                await send({"type": "websocket.send", "text": data.decode("utf-8", "replace")})
            is_binary = connection.protocol is not None and connection.protocol.is_binary
        await send({"type": "websocket.close", "code": 1000})
    except OSError:
        # The client has disconnected: uvicorn raises ClientDisconnected.
        connection.outgoing.discard()
