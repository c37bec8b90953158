"""Metrics and traces."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import External, Variable

METRICS_TOKEN: Final = Variable(
    "SIGNALMAN_METRICS_TOKEN",
    env.text,
    "",
    "Bearer token that /metrics requires. Without one, only the networks below may read it.",
)
METRICS_NETWORKS: Final = Variable(
    "SIGNALMAN_METRICS_NETWORKS",
    env.networks,
    ["127.0.0.0/8", "::1/128"],
    "Networks that may read /metrics directly, without a proxy in between.",
)
METRICS_INSTANCES: Final = Variable(
    "SIGNALMAN_METRICS_INSTANCES",
    env.whole_number(),
    500,
    "Instances that /metrics shows on their own: those with the most requests. 0 shows none. The\n"
    "metrics of all instances together are always there.",
)
METRICS_SECONDS: Final = Variable(
    "SIGNALMAN_METRICS_SECONDS",
    env.positive_number,
    5.0,
    "How often each process writes its counters to the database. Seconds.",
)
OTLP_ENDPOINT: Final = External(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "Where traces are sent, once requirements-otel.txt is installed. OpenTelemetry's other\n"
    "variables are honoured as well.",
    "http://localhost:4318",
)
