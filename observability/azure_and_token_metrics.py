"""Metrics of requests to Azure and of token validation, whose packages know no database.

The functions are called where the event happens and have to be quick.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from prometheus_client.core import HistogramMetricFamily, Metric

from arm.settings import Call
from observability.counters import Series, counters
from observability.metrics import Scrape, counter_family
from validation import configuration
from validation.verdict import Verdict

_AZURE_REQUESTS: Final = "azure_requests"
_AZURE_SECONDS: Final = "azure_request_seconds"
_VALIDATION_BUCKETS: Final = "validation_buckets"
_VALIDATION_SECONDS: Final = "validation_seconds"
SIGNING_KEYS_READ: Final = "signing_keys_read"

# Seconds. RSA takes some 50 microseconds; a token with an unknown key id waits for the network.
_BOUNDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0)
_BUCKETS: Final = (*map(str, _BOUNDS), "+Inf")


def _validation_series(outcome: str) -> tuple[tuple[Series, ...], Series]:
    """Return the series of the buckets, and that of the sum."""
    buckets = tuple(Series(_VALIDATION_BUCKETS, (outcome, bucket)) for bucket in _BUCKETS)
    return buckets, Series(_VALIDATION_SECONDS, (outcome,))


_ACCEPTED: Final = _validation_series("accepted")
_REFUSED: Final = _validation_series("refused")


def azure_called(call: Call) -> None:
    """Count a request to Azure: the setting `SIGNALMAN_ARM_OBSERVER`."""
    is_graph = call.host == urlsplit(settings.SIGNALMAN_GRAPH_ENDPOINT).hostname
    is_arm = call.host == urlsplit(settings.SIGNALMAN_ARM_ENDPOINT).hostname
    api = "arm" if is_arm else "graph" if is_graph else "other"
    status = "none" if call.status is None else str(call.status)
    counters.add(_AZURE_REQUESTS, api, call.method, status)
    counters.add(_AZURE_SECONDS, api, call.method, by=call.seconds)


def service_called(method: str, status: int | None, seconds: float) -> None:
    """Count a request to an instance's REST API; `status` is None without a response."""
    counters.add(_AZURE_REQUESTS, "signalr", method, "none" if status is None else str(status))
    counters.add(_AZURE_SECONDS, "signalr", method, by=seconds)


def token_checked(seconds: float, verdict: Verdict) -> None:
    """Count a validated token: the setting `VALIDATION["OBSERVER"]`."""
    buckets, sums = _REFUSED if verdict.claims is None else _ACCEPTED
    counters.add_all(((buckets[bisect_left(_BOUNDS, seconds)], 1), (sums, seconds)))


def key_read_times() -> dict[Series, float]:
    """Return when this process last read each tenant's signing keys. Seconds since the epoch."""
    rings = configuration.validator().rings()
    return {
        Series(SIGNING_KEYS_READ, (tenant,)): ring.held.read_at
        for tenant, ring in rings.items()
        if ring.held.keys
    }


def token_metrics(scrape: Scrape) -> Iterator[Metric]:
    """Yield the metrics of token validation."""
    seconds = HistogramMetricFamily(
        "signalman_token_validation_seconds",
        "Time to verify a token. Previously verified tokens are not included.",
        labels=("outcome",),
    )
    buckets = scrape.values(_VALIDATION_BUCKETS)
    for (outcome,), total in scrape.values(_VALIDATION_SECONDS).items():
        counts = accumulate(buckets.get((outcome, each), 0) for each in _BUCKETS)
        seconds.add_metric((outcome,), list(zip(_BUCKETS, counts, strict=True)), total)
    yield seconds


def azure_metrics(scrape: Scrape) -> Iterator[Metric]:
    """Yield the metrics of requests to Azure."""
    yield counter_family(
        "signalman_azure_requests",
        "Requests to Azure by HTTP status of the response, or none without a response.",
        ("api", "method", "status"),
        scrape.values(_AZURE_REQUESTS),
    )
    yield counter_family(
        "signalman_azure_request_seconds",
        "Total duration of requests to Azure.",
        ("api", "method"),
        scrape.values(_AZURE_SECONDS),
    )
