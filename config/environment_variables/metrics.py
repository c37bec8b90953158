"""Metrics and traces."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import External, Variable

METRICS_TOKEN: Final = Variable(
    "SIGNALMAN_METRICS_TOKEN",
    parsers.text,
    "",
    "Bearer token that /metrics requires. Without it, only requests from\n"
    "SIGNALMAN_METRICS_NETWORKS may read the metrics.",
)
METRICS_NETWORKS: Final = Variable(
    "SIGNALMAN_METRICS_NETWORKS",
    parsers.networks,
    ["127.0.0.0/8", "::1/128"],
    "Networks from which /metrics may be read without a token. Requests through a proxy are\n"
    "refused.",
)
METRICS_INSTANCES: Final = Variable(
    "SIGNALMAN_METRICS_INSTANCES",
    parsers.whole_number(),
    500,
    "Maximum number of instances with their own time series in /metrics. The instances with the\n"
    "most requests are shown; 0 shows none. Metrics of the whole fleet are always shown.",
)
METRICS_SECONDS: Final = Variable(
    "SIGNALMAN_METRICS_SECONDS",
    parsers.positive_number,
    5.0,
    "Interval in seconds at which each process writes its counters to the database.",
)
OTLP_ENDPOINT: Final = External(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "URL of the collector to which traces are sent. Requires the packages of\n"
    "requirements-otel.txt. OpenTelemetry's other variables also apply.",
    "http://localhost:4318",
)
