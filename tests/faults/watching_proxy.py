"""An HTTP proxy that says how far the TLS connections through it are, as they come to be."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Final

_CHUNK: Final = 65_536


class Stage(IntEnum):
    """What a client has just sent: a packet for each stage, in this order."""

    CONNECT = 0
    GREETING = 1
    # The end of the handshake, with TLS 1.3. The request follows it at once.
    FINISHED = 2
    REQUEST = 3


# Called with the number of a connection and its stage, before the packet is passed on.
Watcher = Callable[[int, Stage], None]


class WatchingProxy(socketserver.ThreadingTCPServer):
    """Serves CONNECT to any port of this machine, in threads that end with the process."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, watch: Watcher) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.watch: Final = watch
        self._lock = threading.Lock()
        self._connections = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The value of HTTPS_PROXY."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_number(self) -> int:
        """Return the number of a new connection."""
        with self._lock:
            self._connections += 1
            return self._connections


class _Handler(socketserver.StreamRequestHandler):
    server: WatchingProxy
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Pass packets on in both directions until one side closes."""
        number = self.server.next_number()
        target = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            """Skip the headers."""
        self.server.watch(number, Stage.CONNECT)
        port = int(target.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as there:
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass, args=(there, self.connection), daemon=True)
            back.start()
            _pass(self.connection, there, lambda packet: self._watch(number, packet))
            back.join()

    def _watch(self, number: int, packet: int) -> None:
        if packet <= Stage.REQUEST:
            self.server.watch(number, Stage(packet))


def _pass(
    source: socket.socket, sink: socket.socket, watch: Callable[[int], None] = lambda _packet: None
) -> None:
    packets = 0
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            packets += 1
            watch(packets)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
