"""Configuration of tracing, where OpenTelemetry's own variables name a collector.

OpenTelemetry is imported only then.
"""

from __future__ import annotations

import os
from typing import Final

from django.core.exceptions import ImproperlyConfigured

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP: Final = "http/protobuf"


def is_configured() -> bool:
    """Return whether a collector is named, and traces are not switched off."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS)


def start_if_configured() -> None:
    """Trace requests, tasks and calls to Azure from now on, if a collector is configured.

    Raises ImproperlyConfigured for a configuration that cannot work.
    """
    if not is_configured():
        return
    protocol = next(filter(None, map(os.environ.get, _PROTOCOLS)), _HTTP)
    if protocol != _HTTP:
        raise ImproperlyConfigured(
            f"Spans are sent as {_HTTP}, but {' or '.join(_PROTOCOLS)} is {protocol}. Unset it."
        )
    try:
        from observability.tracing import spans  # noqa: PLC0415  not every installation has it
    except ImportError as error:
        raise ImproperlyConfigured(
            "OTEL_* variables name a collector, but OpenTelemetry is not installed: "
            "pip install -r requirements-otel.txt."
        ) from error
    spans.start()
