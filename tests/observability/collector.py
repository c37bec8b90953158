"""An OpenTelemetry collector: an address that takes spans over OTLP/HTTP and keeps them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Received:
    """A span as it came."""

    service: str
    name: str
    trace_id: str
    attributes: dict[str, Any]

    def said(self, *names: str) -> str:
        """Return the first of these attributes that the span has."""
        return str(next((self.attributes[name] for name in names if name in self.attributes), ""))


@dataclass
class Collector:
    """The received spans, and the address to send them to."""

    endpoint: str
    raw: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Received]:
        """Return all spans that came."""
        return [span for body in self.raw for span in _spans(body)]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen on a free port of localhost."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            if self.path == "/v1/traces":
                collector.raw.append(gzip.decompress(body) if is_packed else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        collector = Collector(f"http://localhost:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _spans(body: bytes) -> Iterator[Received]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = _values(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Received(service, span.name, span.trace_id.hex(), _values(span.attributes))


def _values(attributes: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in attributes
    }
