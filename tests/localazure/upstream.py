"""An upstream endpoint that keeps what it got and answers what it was told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request as it came; header values are as bytes on the wire."""

    path: str
    headers: dict[str, bytes]
    body: bytes


@dataclass
class Upstream:
    """Where to send, what came, and what is answered."""

    url: str
    status: int = 200
    answer: bytes = b""
    received: list[Received] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Upstream]:
    """Serve an Upstream on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name: value.encode("latin-1") for name, value in self.headers.items()}
            body = self.rfile.read(int(self.headers["Content-Length"]))
            upstream.received.append(Received(self.path, headers, body))
            self.send_response(upstream.status)
            if upstream.status != 204:
                self.send_header("Content-Length", str(len(upstream.answer)))
            self.end_headers()
            self.wfile.write(upstream.answer)

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        upstream = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
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
