"""Pooled HTTP connections to the service: urllib3 for threads, aiohttp for each event loop.

On an event loop, aiohttp takes a fifth of httpx's processor time for a request. Redirects are not
followed. Proxies and certificate authorities are those of the environment, as curl reads them.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
import urllib3
from urllib3.util import make_headers
from yarl import URL

from upstreams.sender.configuration import configuration
from upstreams.sender.transport.responses import NoResponse, Response

_CONNECT_SECONDS: Final = 5.0
# Connections of an event loop, and how many of them threads keep open.
_MAX_CONNECTIONS: Final = 100
_KEPT_CONNECTIONS: Final = 50
# The service closes idle connections; a firewall may drop them without a word.
_IDLE_SECONDS: Final = 15
# What names the certificate authorities to trust, as OpenSSL reads it.
_TRUST: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")

# Errors before anything of the request has left this process.
_UNSENT_OF_THREADS: Final = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)
_UNSENT_OF_LOOPS: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)

_Trust = tuple[str | None, ...]


def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """Send a request from any thread, and return the response. Raises NoResponse."""
    seconds = configuration().timeout_seconds
    try:
        response = manager(urlsplit(url).hostname or "").request(
            method,
            url,
            headers=headers,
            body=body or None,
            timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds),
            redirect=False,
            retries=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise _of_threads(error) from error
    return Response(response.status, response.headers, response.data)


async def asend(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """Send a request as `send` does, without blocking the event loop."""
    target, seconds = URL(url, encoded=True), configuration().timeout_seconds
    client = await _client()
    await client.wait(seconds)
    try:
        async with client.session.request(
            method,
            target,
            headers=headers,
            data=body or None,
            timeout=_timeout(seconds),
            proxy=proxy_for(target.host or ""),
            allow_redirects=False,
        ) as response:
            return Response(response.status, response.headers, await response.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _of_loops(error) from error
    finally:
        client.turns.release()


def manager(host: str) -> urllib3.PoolManager:
    """Return the connections of this process to a host; any number of threads may use them."""
    key = (_trust(), proxy_for(host))
    found = _managers.get(key)
    if found is None:
        with _lock:
            found = _managers.get(key) or _managers.setdefault(key, _made(*key))
    return found


async def client_session() -> aiohttp.ClientSession:
    """Return the session of the running event loop, which closes it when it ends."""
    return (await _client()).session


@lru_cache(maxsize=256)
def proxy_for(host: str) -> str | None:
    """Return the proxy that the environment names for HTTPS requests to a host."""
    # Reading the environment for each request would take longer than the rest of it.
    return None if proxy_bypass(host) else getproxies().get("https")


@dataclass(frozen=True)
class _Client:
    """The connections of an event loop, which requests take in turn.

    aiohttp's own limit gives a connection to a new request before those that wait for one: with
    many at once, some would wait until their time limit.
    """

    session: aiohttp.ClientSession
    closing: AsyncGenerator[None, None]
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAX_CONNECTIONS))

    async def wait(self, seconds: float) -> None:
        """Wait for a connection, which `turns.release` returns. Raises NoResponse."""
        if not self.turns.locked():
            await self.turns.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self.turns.acquire()
        except TimeoutError as error:
            cause = _cause(error, is_timeout=True)
            raise NoResponse(cause, was_sent=False, is_timeout=True) from error


async def _client() -> _Client:
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None:
        await _forget_closed_loops()
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=_ssl_context(_trust()), limit=0, keepalive_timeout=_IDLE_SECONDS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        closing = _closing(loop, session)
        # A loop closes its asynchronous generators before it ends.
        await anext(closing)
        found = _clients[loop] = _Client(session, closing)
    return found


# Not by weak references: a session refers to its loop.
_clients: Final[dict[asyncio.AbstractEventLoop, _Client]] = {}
_lock: Final = threading.Lock()
_managers: Final[dict[tuple[_Trust, str | None], urllib3.PoolManager]] = {}


@lru_cache
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        connect=seconds, sock_connect=min(_CONNECT_SECONDS, seconds), sock_read=seconds
    )


def _made(trust: _Trust, proxy: str | None) -> urllib3.PoolManager:
    options: dict[str, Any] = {
        "maxsize": _KEPT_CONNECTIONS,
        "ssl_context": _ssl_context(trust),
        "socket_options": [
            *urllib3.connection.HTTPConnection.default_socket_options,
            *_keepalive(),
        ],
    }
    if proxy is None:
        return urllib3.PoolManager(**options)
    parts = urlsplit(proxy)
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return urllib3.ProxyManager(
        proxy, proxy_headers=make_headers(proxy_basic_auth=login), **options
    )


def _keepalive() -> list[tuple[int, int, int]]:
    """Return the socket options that find out about a dropped connection while it is idle."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    if hasattr(socket, "TCP_KEEPIDLE"):
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS))
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _IDLE_SECONDS))
    return options


async def _closing(
    loop: asyncio.AbstractEventLoop, session: aiohttp.ClientSession
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        _clients.pop(loop, None)
        await session.close()


async def _forget_closed_loops() -> None:
    """Forget the sessions of loops that ended without closing their generators."""
    for loop in list(_clients):
        if loop.is_closed():
            await _clients.pop(loop).session.close()


def _trust() -> _Trust:
    return tuple(os.environ.get(name) for name in _TRUST)


@lru_cache
def _ssl_context(trust: _Trust) -> ssl.SSLContext:
    # Reading the certificates takes tens of milliseconds, and a loop may live for one call.
    file, folder = trust
    if not file and not folder:
        file = certifi.where()
    return ssl.create_default_context(cafile=file or None, capath=folder or None)


def _of_threads(error: urllib3.exceptions.HTTPError) -> NoResponse:
    is_certificate = isinstance(error, urllib3.exceptions.SSLError) and isinstance(
        error.args[0], ssl.SSLCertVerificationError
    )
    was_sent = not is_certificate and not isinstance(error, _UNSENT_OF_THREADS)
    is_timeout = isinstance(error, urllib3.exceptions.TimeoutError)
    cause = _cause(error, is_timeout=is_timeout)
    return NoResponse(cause, was_sent=was_sent, is_timeout=is_timeout)


def _of_loops(error: Exception) -> NoResponse:
    was_sent = not isinstance(error, _UNSENT_OF_LOOPS)
    is_timeout = isinstance(error, TimeoutError)
    cause = _cause(error, is_timeout=is_timeout)
    return NoResponse(cause, was_sent=was_sent, is_timeout=is_timeout)


def _cause(error: Exception, *, is_timeout: bool) -> str:
    if is_timeout:
        return "the time limit (SIGNALMAN_SEND_SECONDS) was exceeded"
    if isinstance(error, OSError | urllib3.exceptions.NewConnectionError):
        return str(error) or type(error).__name__
    # Messages of other errors may quote a header.
    return type(error).__name__


# A child process must not use its parent's connections.
os.register_at_fork(after_in_child=_managers.clear)
