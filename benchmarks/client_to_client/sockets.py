"""A WebSocket client (RFC 6455) that costs little, so that the load generator is not what binds.

It sends short text messages and reads unfragmented ones: what the service sends.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import struct
from collections.abc import Callable
from typing import Final, cast
from urllib.parse import urlsplit

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_FINAL: Final = 0x80
_MASKED: Final = 0x80
# Longer messages have their length in two or in eight further bytes.
_SHORT: Final = 125
_TWO_BYTES, _EIGHT_BYTES = 126, 127
# Clients have to mask what they send; a mask of zeros leaves it as it is.
_MASK: Final = bytes(4)


class Disconnected(Exception):
    """The service ended the connection, or refused it."""


class Socket(asyncio.Protocol):
    """An open WebSocket. `received` is called with each text message."""

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._buffer = b""
        self._upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport
        self.is_open = False

    @classmethod
    async def connect(
        cls, url: str, token: str, tls: ssl.SSLContext, received: Callable[[bytes], None]
    ) -> Socket:
        """Connect to a `https` URL. Raises Disconnected, OSError."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(
            lambda: cls(received), parts.hostname or "", parts.port or 443, ssl=tls
        )
        await socket.upgrade(f"{parts.path}?{parts.query}", parts.netloc, token)
        return socket

    async def upgrade(self, target: str, host: str, token: str) -> None:
        """Make a WebSocket of the connection. Raises Disconnected."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {target} HTTP/1.1",
            f"Host: {host}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Authorization: Bearer {token}",
        )
        self._transport.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        await self._upgraded

    def send(self, text: bytes) -> None:
        """Send a text message; dropped if the service has ended the connection."""
        if self.is_open:
            self._write(_TEXT, text)

    def close(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more can be sent."""
        self.is_open = False
        if not self._upgraded.done():
            self._upgraded.set_exception(Disconnected(str(exc)))

    def data_received(self, data: bytes) -> None:
        """Read the upgrade, then frames."""
        self._buffer = self._buffer + data if self._buffer else data
        if not self._upgraded.done():
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            if head.split()[1] != b"101":
                self._upgraded.set_exception(Disconnected(head.decode("latin-1")))
                return
            self.is_open, self._buffer = True, rest
            self._upgraded.set_result(None)
        while (frame := self._next()) is not None:
            self._handle(*frame)

    def _next(self) -> tuple[int, bytes] | None:
        """Return the opcode and the payload of the next frame, once it is complete."""
        buffer, start = self._buffer, 2
        if len(buffer) < start:
            return None
        length = buffer[1]
        if length > _SHORT:
            start += 2 if length == _TWO_BYTES else 8
            if len(buffer) < start:
                return None
            length = int.from_bytes(buffer[2:start])
        end = start + length
        if len(buffer) < end:
            return None
        self._buffer = buffer[end:]
        return buffer[0] & 0x0F, buffer[start:end]

    def _handle(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self._received(payload)
        elif opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _CLOSE:
            self.is_open = False
            self._transport.close()

    def _write(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        if length <= _SHORT:
            head = bytes((_FINAL | opcode, _MASKED | length))
        else:
            head = struct.pack("!BBH", _FINAL | opcode, _MASKED | _TWO_BYTES, length)
        self._transport.write(head + _MASK + payload)
