"""A small HTTPS server that answers what a test tells it to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Self

import trustme

Answer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """Serves `answers` by path on https://localhost, and notes what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.answers: Final[dict[str, Answer]] = {}
        self.asked: Final[list[tuple[str, dict[str, str]]]] = []
        self.ca_file: Final = folder / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self.url: Final = f"https://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, dict(self.headers)))
                web.answers.get(self.path, nothing)(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep quiet."""

        return Handler


def body(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Return an answer with that body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def nothing(handler: BaseHTTPRequestHandler) -> None:
    """Answer 404."""
    handler.send_error(404)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection in the midst of the body."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")


def trickling(beginning: str, rest: str, pass_time: Callable[[float], None]) -> Answer:
    """Return an answer whose rest comes a byte each second."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(beginning.encode())
        try:
            for character in rest:
                pass_time(1)
                handler.wfile.write(character.encode())
        except OSError:
            return

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send without end, until the other side has had enough."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        handler.close_connection = True
