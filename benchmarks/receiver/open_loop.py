"""A client that sends at a fixed rate, whatever the server does.

A closed loop sends less to a slow server and so hides what a flood does to it. Here every request
has its time, and its latency counts from then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from time import perf_counter
from typing import Final

# A request without a response by then has failed.
_SECONDS: Final = 20.0
_MAX_CONNECTIONS: Final = 2_000
_FAILED: Final = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: its status, 0 where there was none, and its latency in milliseconds."""

    status: int
    milliseconds: float


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._is_last = False
        self.writer = writer

    @property
    def is_usable(self) -> bool:
        """Whether the server takes another request."""
        return not self._is_last and not self._reader.at_eof()

    async def status(self, request: bytes) -> int:
        """Send a request and return the status of its response."""
        self.writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        for line in lines[1:]:
            if line.startswith(b"content-length:"):
                await self._reader.readexactly(int(line.partition(b":")[2]))
            if line == b"transfer-encoding: chunked":
                await self._reader.readuntil(b"\r\n0\r\n\r\n")
            if line == b"connection: close":
                self._is_last = True
        return int(lines[0].split()[1])


class OpenLoop:
    """Sends requests to one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Connection] = []
        self._is_stopped = False
        self._slots = asyncio.Semaphore(_MAX_CONNECTIONS)

    async def send(self, requests: Sequence[bytes], rate: float, seconds: float) -> list[Sample]:
        """Send `rate` requests a second, in turn, for so long; return a sample of each."""
        start = perf_counter()
        tasks = []
        for number in range(int(rate * seconds)):
            due = start + number / rate
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            request = requests[number % len(requests)]
            tasks.append(asyncio.ensure_future(self._sample(request, due)))
        samples = await asyncio.gather(*tasks)
        self.close()
        return samples

    async def send_at_once(self, request: bytes, number: int) -> list[Sample]:
        """Send a request several times at once; the connections stay open until `close`."""
        due = perf_counter()
        return await asyncio.gather(*(self._sample(request, due) for _ in range(number)))

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().writer.close()

    async def send_until_stopped(self, requests: Sequence[bytes], rate: float) -> list[Sample]:
        """Send until `stop` is called, from any thread."""
        samples: list[Sample] = []
        while not self._is_stopped:
            samples += await self.send(requests, rate, 1.0)
        return samples

    def stop(self) -> None:
        """End `send_until_stopped` within seconds."""
        self._is_stopped = True

    async def _sample(self, request: bytes, due: float) -> Sample:
        status = _FAILED
        with suppress(OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_SECONDS):
                status = await self._status(request)
        return Sample(status, (perf_counter() - due) * 1000)

    async def _status(self, request: bytes) -> int:
        async with self._slots:
            connection = await self._connection()
            try:
                status = await connection.status(request)
            except BaseException:
                # The time limit, too, which cancels the request.
                connection.writer.close()
                raise
            self._idle.append(connection)
            return status

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.writer.close()
        return _Connection(*await asyncio.open_connection("127.0.0.1", self._port))


def send(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> list[Sample]:
    """Send as `OpenLoop.send` does, for a process of its own."""

    async def main() -> list[Sample]:
        return await OpenLoop(port).send(requests, rate, seconds)

    return asyncio.run(main())


def percentile(samples: Sequence[Sample], part: float) -> float:
    """Return the latency that `part` of the samples do not exceed."""
    return quantile([sample.milliseconds for sample in samples], part)


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(part * len(ordered)) - 1)]
