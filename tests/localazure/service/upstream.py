"""An upstream endpoint that records requests and sends the given responses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.waits import wait_until


@dataclass
class Received:
    """One received request, with unchanged header values."""

    path: str
    headers: dict[str, bytes]
    body: bytes
    method: str = "POST"

    def event(self) -> str:
        """Return the event's name."""
        return self.headers["X-ASRS-Event"].decode()


@dataclass
class Upstream:
    """A URL, the requests that it received, and its response.

    `handler` answers instead of `status` and `answer`, with the body or with status and body;
    `headers` are added to each answer. A `chunked` answer has no Content-Length.
    """

    url: str
    status: int = 200
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    handler: Callable[[Received], bytes] | None = None
    received: list[Received] = field(default_factory=list)

    def events(self) -> list[str]:
        """Return the names of the received events, in order."""
        return [one.event() for one in list(self.received) if "X-ASRS-Event" in one.headers]

    def wait_for(self, *events: str) -> None:
        """Wait until these events have come, in this order, and no others."""
        wait_until(lambda: self.events() == [*events], f"These did not come: {events}.")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it each answer waits for the kernel to see its end.
    wbufsize = -1
    upstream: Upstream

    def do_POST(self) -> None:
        headers = {name: value.encode("latin-1") for name, value in self.headers.items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        one = Received(self.path, headers, body, self.command)
        self.upstream.received.append(one)
        handler = self.upstream.handler
        self._answer(self.upstream.answer if handler is None else handler(one))

    do_GET = do_POST  # noqa: N815

    def _answer(self, body: bytes) -> None:
        self.send_response(self.upstream.status)
        for name, value in self.upstream.headers.items():
            self.send_header(name, value)
        if self.upstream.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            body = chunk + b"0\r\n\r\n"
        elif self.upstream.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


@contextmanager
def serving() -> Iterator[Upstream]:
    """Serve an Upstream on a free port."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        upstream = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
        handler.upstream = upstream  # type: ignore[attr-defined]
        # A connection that the service keeps alive does not keep the test waiting.
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()
