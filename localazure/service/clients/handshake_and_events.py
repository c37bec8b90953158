"""The life of a connection: handshake, `connected`, messages in order, `disconnected`.

One task for each connection sends its events upstream, one at a time: the next message waits until
upstream has answered. Source: Microsoft's emulator (HubProxyHandler).
"""

from __future__ import annotations

import asyncio
from typing import Final

from localazure.service.connections.connection import INCOMING_BYTES, SERVER_SENT_EVENTS, Connection
from localazure.service.context import Call
from localazure.service.instances import DEFAULT
from localazure.service.protocol import frames
from localazure.service.protocol.frames import Completion
from localazure.service.protocol.message_reader import (
    HandshakeError,
    Message,
    MessageReader,
    ProtocolError,
    handshake_response,
    read_handshake,
)
from localazure.service.upstream.request import (
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    MESSAGES,
    ClientEvent,
)
from localazure.service.upstream.sending import send_event

HANDSHAKE_SECONDS: Final = 15
_LARGEST_MESSAGE = 16 * INCOMING_BYTES
_NO_SERVER = "No app server is currently connected to the Azure service."
_CLOSED_WITH_ERROR = "Connection closed with an error."


async def run(call: Call, token: str, connection: Connection) -> None:
    """Serve a connection until it ends; its transport fills `incoming` and empties `outgoing`."""
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            reader_and_rest = await _shake_hands(connection)
        if reader_and_rest is not None:
            await _serve(call, connection, *reader_and_rest)
    except (HandshakeError, TimeoutError) as error:
        text = str(error) or "Handshake was canceled."
        connection.outgoing.offer(handshake_response(text))
    finally:
        connection.end()
        call.world.service.connections.forget(token)


async def _shake_hands(connection: Connection) -> tuple[MessageReader, bytes] | None:
    """Agree on a protocol; None where the client left. Raises HandshakeError."""
    received = b""
    while (chunk := await connection.incoming.get()) is not None:
        received += chunk
        agreed = read_handshake(received)
        if agreed is None:
            continue
        protocol, rest = agreed
        if protocol.is_binary and connection.transport == SERVER_SENT_EVENTS:
            raise HandshakeError(
                f"Cannot use the '{protocol.name}' protocol on the current transport. "
                "The transport does not support 'Binary' transfer format."
            )
        connection.write(handshake_response())
        connection.protocol = protocol
        return MessageReader(protocol, _LARGEST_MESSAGE), rest
    return None


async def _serve(call: Call, connection: Connection, reader: MessageReader, rest: bytes) -> None:
    hub = call.world.service.connections.hub((connection.instance_id, connection.hub))
    if call.instance.mode == DEFAULT:
        connection.close(_NO_SERVER)
        return
    hub.add(connection)
    try:
        await _send(call, connection, CONNECTIONS, CONNECTED)
        await _process(call, connection, reader, rest)
    finally:
        hub.remove(connection)
        if not connection.is_forgotten:
            event = _event(connection, CONNECTIONS, DISCONNECTED, error=connection.error)
            await _send_event(call, connection, event)


async def _process(call: Call, connection: Connection, reader: MessageReader, rest: bytes) -> None:
    chunk: bytes | None = rest
    try:
        while chunk is not None:
            for message in reader.feed(chunk):
                if connection.incoming.has_ended and connection.outgoing.has_ended:
                    return
                if not await _take(call, connection, message):
                    return
            chunk = await connection.incoming.get()
    except ProtocolError:
        connection.close(_CLOSED_WITH_ERROR)


async def _take(call: Call, connection: Connection, message: Message) -> bool:
    """Act on one message; False where it is the client's last."""
    if message.kind == frames.INVOCATION:
        await _forward(call, connection, message)
    elif message.kind == frames.COMPLETION:
        waiting = connection.results.pop(message.invocation_id or "", None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
    elif message.kind == frames.STREAM_INVOCATION and message.invocation_id:
        text = "Streaming from clients is not supported in Serverless mode."
        connection.send(Completion(message.invocation_id, error=text))
    elif message.kind == frames.CLOSE:
        connection.error = message.error
        return False
    return True


async def _forward(call: Call, connection: Connection, message: Message) -> None:
    assert connection.protocol is not None  # noqa: S101
    event = _event(
        connection,
        MESSAGES,
        message.target,
        invocation_id=message.invocation_id or None,
        protocol=connection.protocol.name,
        payload=message.payload,
    )
    await _send_event(call, connection, event)


async def _send(call: Call, connection: Connection, category: str, name: str) -> None:
    await _send_event(call, connection, _event(connection, category, name))


def _event(connection: Connection, category: str, name: str, **rest: object) -> ClientEvent:
    identity = connection.identity
    return ClientEvent(
        hub=connection.hub,
        category=category,
        event=name,
        connection_id=connection.id,
        user_id=identity.user_id,
        claims=identity.claims,
        query=identity.query,
        **rest,  # type: ignore[arg-type]
    )


async def _send_event(call: Call, connection: Connection, event: ClientEvent) -> None:
    """Send an event with the instance's current settings."""
    resource = call.world.resources.get(connection.instance_id)
    if resource is None:
        return
    outcome = await send_event(call.world, call.http, resource, event)
    if outcome.frame is not None:
        connection.write(outcome.frame)
