"""Spans of requests, of Celery's tasks and of calls to Azure, sent to a collector over OTLP/HTTP.

OpenTelemetry's own variables configure the rest: endpoint, sampling, service name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from multiprocessing.util import Finalize
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from observability import correlation_ids
from observability.logs.redaction import redacted

# Probes are frequent; upstream requests are many, and metrics say more about them.
_NOT_TRACED: Final = "livez,readyz,metrics,upstream/"


def start() -> None:
    """Start recording and sending spans; once, before Django loads its middleware."""
    os.environ.setdefault("OTEL_PYTHON_DJANGO_EXCLUDED_URLS", _NOT_TRACED)
    name = os.environ.get("OTEL_SERVICE_NAME", "signalman")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(ContextIds())
    provider.add_span_processor(BatchSpanProcessor(WithoutSecrets(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    RequestsInstrumentor().instrument()
    # Not atexit: a web server's workers are multiprocessing's, whose children do not run it.
    Finalize(None, provider.shutdown, exitpriority=0)


class ContextIds(SpanProcessor):
    """Adds the ids of the request and the operation to each span."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Add them to a span that starts."""
        found = {
            "request_id": correlation_ids.request_id.get(),
            "operation_id": correlation_ids.operation_id.get(),
        }
        span.set_attributes({f"signalman.{name}": value for name, value in found.items() if value})


class WithoutSecrets(SpanExporter):
    """Exports spans without tokens, signatures and query strings."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the spans, without secrets in names, attributes and events."""
        return self._exporter.export([_without_secrets(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is queued. The timeout is in milliseconds."""
        return self._exporter.force_flush(timeout_millis)


def _without_secrets(span: ReadableSpan) -> ReadableSpan:
    events = [
        Event(event.name, _cleaned(event.attributes), event.timestamp) for event in span.events
    ]
    description = span.status.description
    return ReadableSpan(
        name=redacted(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_cleaned(span.attributes),
        events=events,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, description and redacted(description)),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cleaned(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: redacted(value) if isinstance(value, str) else value
        for name, value in (attributes or {}).items()
    }
