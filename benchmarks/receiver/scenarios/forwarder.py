"""A TCP forwarder that can be frozen: it then accepts connections and passes nothing on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from examples.demo.processes import free_port

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_CHUNK: Final = 65_536


def to_port(port: int) -> Callable[[], Awaitable[_Streams]]:
    """Return a function that connects to a port of this machine."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: str) -> Callable[[], Awaitable[_Streams]]:
    """Return a function that connects to a Unix socket."""
    return lambda: asyncio.open_unix_connection(path)


class Forwarder:
    """Forwards a port of this machine in a thread of its own, until it is closed."""

    def __init__(self, connect: Callable[[], Awaitable[_Streams]]) -> None:
        self.port: Final = free_port()
        self._connect: Final = connect
        self._loop: Final = asyncio.new_event_loop()
        self._open: Final = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        is_ready = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, args=(is_ready,), daemon=True)
        self._thread.start()
        is_ready.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Pass nothing on within the block, and everything after it."""
        self._loop.call_soon_threadsafe(self._open.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._open.set)

    def close(self) -> None:
        """End the thread and its connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._end_connections())
        self._loop.close()

    async def _end_connections(self) -> None:
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, is_ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self._server = self._loop.run_until_complete(server)
        is_ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        writers = [writer]
        try:
            with suppress(OSError):
                there, back = await self._connect()
                writers.append(back)
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, back))
                    both.create_task(self._pump(there, writer))
        finally:
            for one in writers:
                one.transport.abort()
                with suppress(OSError):
                    await one.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
