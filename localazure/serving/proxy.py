"""An HTTP proxy that connects Azure's host names to Local Azure, and refuses all others.

With `HTTPS_PROXY` set to it, an unmodified client uses the addresses that Resource Manager shows,
such as a vault's `vaultUri`. It serves CONNECT alone (RFC 9110, section 9.3.6).
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import Final

from localazure.serving.server import HOST

SUFFIXES: Final = (
    ".vault.azure.net",
    ".azurewebsites.net",
    ".service.signalr.net",
    "management.azure.com",
    "login.microsoftonline.com",
    "graph.microsoft.com",
)
_CHUNK = 65536


class _Handler(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        """Handle one CONNECT, and relay bytes until one side closes."""
        method, _, rest = self.rfile.readline().decode("latin-1").partition(" ")
        name = rest.partition(" ")[0].rpartition(":")[0]
        while self.rfile.readline().strip():
            """Skip the headers."""
        if method != "CONNECT" or not name.lower().endswith(SUFFIXES):
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection((HOST, self.server.target)) as azure:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            answers = threading.Thread(target=_pass, args=(azure, self.connection), daemon=True)
            answers.start()
            _pass(self.connection, azure)
            answers.join()


class Proxy(socketserver.ThreadingTCPServer):
    """The proxy, on loopback; `target` is Local Azure's port."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, target: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.target = target

    def start(self) -> None:
        """Serve in a thread that ends with the process."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
