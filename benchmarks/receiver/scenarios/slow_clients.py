"""Clients that connect and send nothing, or send their requests a byte at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from benchmarks.receiver.messages import call

# Between two bytes, and before a client whose connection was closed connects again.
_BYTE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 0.2
_CONNECT_SECONDS: Final = 20.0


def slow_bodies(token: str) -> list[bytes]:
    """Return heads of requests whose bodies never arrive: for the receiver and for the portal."""
    upstream = call(token).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    chunked = upstream.replace(b"Content-Length: 67", b"Transfer-Encoding: chunked")
    sign_in = (
        b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=a\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
    )
    return [upstream, chunked, sign_in]


def slow_heads() -> list[bytes]:
    """Return beginnings of requests whose heads never end."""
    return [b"POST /upstream/contoso-chat/ HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"G", b"\r\n"]


class SlowClients:
    """Opens `number` connections to a port, each of which sends one of `starts` and then trickles.

    A connection that is closed is opened again. An empty start sends nothing at all.
    """

    def __init__(self, port: int, starts: Sequence[bytes], number: int) -> None:
        self._port: Final = port
        self._starts: Final = starts
        self._number: Final = number

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Keep them connected within the block."""
        loop = asyncio.new_event_loop()
        main = loop.create_task(self._main())
        thread = threading.Thread(target=self._run, args=(loop, main), daemon=True)
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(main.cancel)
            thread.join()

    def _run(self, loop: asyncio.AbstractEventLoop, main: asyncio.Task[None]) -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(main)
        loop.close()

    async def _main(self) -> None:
        async with asyncio.TaskGroup() as clients:
            for number in range(self._number):
                clients.create_task(self._client(self._starts[number % len(self._starts)]))

    async def _client(self, start: bytes) -> None:
        while True:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except (OSError, TimeoutError):
                pass
            else:
                try:
                    with suppress(OSError):
                        await self._trickle(reader, writer, start)
                finally:
                    writer.transport.abort()
                    with suppress(OSError):
                        await writer.wait_closed()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _trickle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, start: bytes
    ) -> None:
        writer.write(start)
        while not reader.at_eof():
            with suppress(TimeoutError):
                async with asyncio.timeout(_BYTE_SECONDS):
                    await reader.read(65_536)
            if start:
                writer.write(b"1")
                await writer.drain()
