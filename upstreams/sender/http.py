"""Pooled HTTP connections to the service: one client for threads, and one for each event loop."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import Final

import httpx

from upstreams.sender.configuration import configuration

_CONNECT_SECONDS: Final = 5.0
# Connections of a process, and how many of them stay open. The service closes idle ones.
_LIMITS: Final = httpx.Limits(
    max_connections=100, max_keepalive_connections=50, keepalive_expiry=15.0
)
# What names the certificate authorities to trust, as httpx and OpenSSL read it.
_TRUST: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")

_Trust = tuple[str | None, ...]


def client() -> httpx.Client:
    """Return the process's client; any number of threads may use it."""
    return _client(_trust())


async def async_client() -> httpx.AsyncClient:
    """Return the client of the running event loop, which closes it when it ends."""
    loop = asyncio.get_running_loop()
    found = _of_loops.get(loop)
    if found is None:
        _forget_closed_loops()
        made = httpx.AsyncClient(verify=_ssl_context(_trust()), limits=_LIMITS)
        closing = _closing(loop, made)
        # A loop closes its asynchronous generators before it ends.
        await anext(closing)
        found = _of_loops[loop] = (made, closing)
    return found[0]


def timeout() -> httpx.Timeout:
    """Return how long connecting, sending and waiting may take."""
    seconds = configuration().timeout_seconds
    return httpx.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))


_Kept = tuple[httpx.AsyncClient, AsyncGenerator[None, None]]
# Not by weak references: a client refers to its loop.
_of_loops: Final[dict[asyncio.AbstractEventLoop, _Kept]] = {}
_lock: Final = threading.Lock()
_clients: Final[dict[_Trust, httpx.Client]] = {}


def _client(trust: _Trust) -> httpx.Client:
    found = _clients.get(trust)
    if found is None:
        with _lock:
            found = _clients.get(trust)
            if found is None:
                found = httpx.Client(verify=_ssl_context(trust), limits=_LIMITS)
                _clients[trust] = found
    return found


async def _closing(
    loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        _of_loops.pop(loop, None)
        await client.aclose()


def _forget_closed_loops() -> None:
    """Forget the clients of loops that ended without closing their generators."""
    for loop in list(_of_loops):
        if loop.is_closed():
            _of_loops.pop(loop, None)


def _trust() -> _Trust:
    return tuple(os.environ.get(name) for name in _TRUST)


@lru_cache
def _ssl_context(_names: _Trust) -> ssl.SSLContext:
    # Reading the certificates takes tens of milliseconds, and a loop may live for one call.
    return httpx.create_ssl_context()


# A child process must not use its parent's connections.
os.register_at_fork(after_in_child=_clients.clear)
