"""Metrics and traces."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import External, Variable

METRICS_TOKEN: Final = Variable(
    "SIGNALMAN_METRICS_TOKEN",
    env.text,
    "",
    "Bearer token that /metrics requires. Without it, only requests from\n"
    "SIGNALMAN_METRICS_NETWORKS may read the metrics.",
)
METRICS_NETWORKS: Final = Variable(
    "SIGNALMAN_METRICS_NETWORKS",
    env.networks,
    ["127.0.0.0/8", "::1/128"],
    "Networks from which /metrics may be read without a token. Requests through a proxy are\n"
    "refused.",
)
METRICS_INSTANCES: Final = Variable(
    "SIGNALMAN_METRICS_INSTANCES",
    env.whole_number(),
    500,
    "Maximum number of instances with their own time series in /metrics. The instances with the\n"
    "most requests are shown; 0 shows none. Metrics of the whole fleet are always shown.",
)
METRICS_SECONDS: Final = Variable(
    "SIGNALMAN_METRICS_SECONDS",
    env.positive_number,
    5.0,
    "Interval in seconds at which each process writes its counters to the database.",
)
OTLP_ENDPOINT: Final = External(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "URL of the collector to which traces are sent. Requires the packages of\n"
    "requirements-otel.txt. OpenTelemetry's other variables also apply.",
    "http://localhost:4318",
)
