"""Serve the application over TLS on loopback, until a signal or the end of standard input."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HOST = "127.0.0.1"
# Shutdown does not wait longer for clients that read their responses slowly.
_GRACE_SECONDS = 1
# As nginx, which is in front of the service: clients reuse a connection that they have for this
# long. With uvicorn's 5 seconds, some would send while it is being closed.
_IDLE_SECONDS = 75
_STDIN = 0
# Allocations between two collections, and collections until an older generation is included;
# Python's are 700, 10 and 10.
_GARBAGE_THRESHOLDS = (50_000, 20, 50)
_ABORTABLE = (HttpToolsProtocol, WebSocketsSansIOProtocol)


def raise_open_files_limit() -> None:
    """Allow as many open files as the system does: each client connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS refuses its own hard limit where that is infinite.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def collect_garbage_less_often() -> None:
    """Run the garbage collector rarely in a server with many connections.

    A collection goes through everything that the requests under way refer to; nearly none of it is
    in cycles.
    """
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    gc.collect()
    # Modules are left out of later collections.
    gc.freeze()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on loopback; port 0 takes a free one."""
    # Named in full: without the protocol asyncio would not see that this is TCP and leave Nagle's
    # algorithm on, which makes every answer 40 ms late.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(
            f"port {port} cannot be used: {error.strerror}. Choose another port."
        ) from error
    return listener


async def _nothing_yet(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("serve_application has not been called.")


class Server(uvicorn.Server):
    """A uvicorn server that reports readiness, and exits with status 0 on SIGTERM and SIGINT.

    `unencrypted` is a further socket, which is served without TLS.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        ready: Callable[[], None],
        unencrypted: socket.socket | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                _nothing_yet,
                ssl_context_factory=lambda _config, _default: context,
                http=HttpToolsProtocol,
                ws=WebSocketsSansIOProtocol,
                # The hub protocol has its own pings; compression would cost memory for each client.
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._ready = ready
        self._unencrypted = unencrypted

    def serve_application(self, app: ASGIApp) -> None:
        """Set the application; not in the constructor, since the application needs `abort`."""
        self.config.app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, then report it."""
        await super().startup(sockets)
        if self._unencrypted is not None:
            loop = asyncio.get_running_loop()
            listener = await loop.create_server(self._protocol, sock=self._unencrypted)
            self.servers.append(listener)
        self._ready()

    def _protocol(self) -> asyncio.Protocol:
        return HttpToolsProtocol(self.config, self.server_state, self.lifespan.state)

    def stop(self) -> None:
        """Finish the running requests, and exit."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal; uvicorn itself would raise the signal again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop_with_stdin(self) -> None:
        """Stop when standard input closes, as when the parent process has ended."""

        def watch() -> None:
            # The descriptor, not sys.stdin: a lock held at exit would crash the interpreter.
            while os.read(_STDIN, 1024):
                pass
            self.stop()

        threading.Thread(target=watch, daemon=True).start()

    def abort(self, scope: Scope) -> None:
        """Cut the connection of a request, as a network failure does."""
        client = tuple(scope["client"])
        for connection in list(self.server_state.connections):
            if isinstance(connection, _ABORTABLE) and connection.client == client:
                connection.transport.abort()
