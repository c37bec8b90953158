"""An HTTP/1.1 client: requests of Local Azure to programs on this machine.

A connection serves one request at a time and is kept for the next. Sends the given headers, Host
and Content-Length, nothing else. Each message of a SignalR client is such a request, and most of
what it costs: with httptools, which also reads what Local Azure is sent, a third of aiohttp's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast
from urllib.parse import quote

import httptools
from yarl import URL

# Programs close idle connections: one that is older might be closed while a request is sent.
_IDLE_SECONDS: Final = 15.0
_SWEEP_SECONDS: Final = 1.0
_MOST_BYTES: Final = 16 * 1024 * 1024
_OK = 200
_CLOSED = "The connection was closed before the end of the response."
# What a URL may hold unescaped, and the sign of what is escaped already (RFC 3986, section 2.2).
_UNESCAPED: Final = "%:/?#[]@!$&'()*+,;="


class RequestFailed(Exception):
    """A request got no response; the text says why."""


@dataclass(slots=True)
class Response:
    """A response: its headers by name in lower case, and its body.

    The body has at most one byte more than the limit of the request.
    """

    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Target:
    """The server of a URL, and the names that a request has for it."""

    host: str
    port: int
    is_encrypted: bool
    path: str
    host_header: str


class HttpClient:
    """Connections by host, kept until they have been idle for some time."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust
        self._idle: defaultdict[tuple[str, int, bool], list[_Connection]] = defaultdict(list)
        self._open: set[_Connection] = set()

    async def request(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        *,
        seconds: float,
        most: int = _MOST_BYTES,
    ) -> Response:
        """Send a request and return the response; redirects are not followed.

        A larger response than `most` bytes is not read to its end. Raises RequestFailed,
        TimeoutError, and ValueError for a URL that cannot be called.
        """
        target = _target(url)
        place = (target.host, target.port, target.is_encrypted)
        connection = self._kept(place) or await self._connected(target, seconds)
        content = body or b""
        lines = [f"{method} {target.path} HTTP/1.1", f"Host: {target.host_header}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if content or method != "GET":
            lines.append(f"Content-Length: {len(content)}")
        head = "\r\n".join(lines).encode()
        response = await connection.exchange(
            b"%b\r\n\r\n%b" % (head, content), time.monotonic() + seconds, most
        )
        if connection.is_open:
            self._idle[place].append(connection)
        return response

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[HttpClient]:
        """Watch over time limits in this block, and close all connections at its end."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield self
        finally:
            sweeping.cancel()
            for connection in list(self._open):
                connection.abort()

    def _kept(self, place: tuple[str, int, bool]) -> _Connection | None:
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connected(self, target: _Target, seconds: float) -> _Connection:
        try:
            async with asyncio.timeout(seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self._open),
                    target.host,
                    target.port,
                    ssl=self._trust if target.is_encrypted else None,
                )
        except TimeoutError:
            raise
        except OSError as error:
            raise RequestFailed(f"Cannot connect to {target.host_header}: {error}") from error
        return connection

    async def _sweep(self) -> None:
        # One timer for all: starting one for each request costs more than looking at them all.
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.monotonic()
            for connection in list(self._open):
                connection.check(now)
            for place, idle in list(self._idle.items()):
                self._idle[place] = [one for one in idle if one.is_open]


class _Connection(asyncio.Protocol):
    """One connection; `opened` is the set that it belongs to while it is open."""

    def __init__(self, opened: set[_Connection]) -> None:
        self._opened = opened
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._answered: asyncio.Future[Response] | None = None
        # Of the request, or of being idle.
        self._ends_at = time.monotonic() + _IDLE_SECONDS
        self._most = 0
        self._begin()

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self in self._opened

    async def exchange(self, request: bytes, ends_at: float, most: int) -> Response:
        """Send a request, and return the response. Raises RequestFailed, TimeoutError."""
        if not self.is_open:
            raise RequestFailed(_CLOSED)
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answered = answered
        self._ends_at, self._most = ends_at, most
        self._transport.write(request)
        try:
            return await answered
        except BaseException:
            self.abort()
            raise

    def check(self, now: float) -> None:
        """End what has taken too long: a request, or being idle."""
        if now > self._ends_at:
            self._fail(TimeoutError("The time limit was exceeded."))
            self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        self._opened.discard(self)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._opened.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the response that only this can end, or fail the request."""
        self._opened.discard(self)
        if self._has_headers and not self._has_length():
            self._finish()
        self._fail(RequestFailed(str(exc or "") or _CLOSED))

    def data_received(self, data: bytes) -> None:
        """Read a part of the response."""
        if self._answered is None:
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(RequestFailed(f"The response is not HTTP: {error}"))
            self.abort()

    def on_message_begin(self) -> None:
        """Begin a response; called by the parser, as those below."""
        if self._answered is None:
            self.abort()
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Note the status."""
        self._has_headers = True
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body, up to the limit."""
        self._chunks.append(body)
        self._size += len(body)
        if self._size > self._most:
            self._finish()
            self.abort()

    def on_message_complete(self) -> None:
        """Return the response, unless it is an interim one."""
        if self._status < _OK:
            return
        if not self._parser.should_keep_alive():
            self.abort()
        self._finish()

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []
        self._size = 0
        self._status = 0
        self._has_headers = False

    def _has_length(self) -> bool:
        return b"content-length" in self._headers or b"transfer-encoding" in self._headers

    def _finish(self) -> None:
        answered, self._answered = self._answered, None
        self._ends_at = time.monotonic() + _IDLE_SECONDS
        if answered is not None and not answered.done():
            body = b"".join(self._chunks)[: self._most + 1]
            answered.set_result(Response(self._status, self._headers, body))

    def _fail(self, error: Exception) -> None:
        answered, self._answered = self._answered, None
        if answered is not None and not answered.done():
            answered.set_exception(error)


@lru_cache(maxsize=1024)
def _target(url: str) -> _Target:
    """Return the target of a URL, as it is written: yarl would decode some of its escapes."""
    parsed = URL(quote(url, safe=_UNESCAPED), encoded=True)
    if parsed.scheme not in ("http", "https") or not parsed.raw_host or not parsed.port:
        raise ValueError(f"'{url}' is not an HTTP URL.")
    return _Target(
        parsed.raw_host,
        parsed.port,
        parsed.scheme == "https",
        parsed.raw_path_qs or "/",
        parsed.host_port_subcomponent or "",
    )
