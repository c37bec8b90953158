"""Metrics of the receiver and of the signing keys that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from prometheus_client.core import Metric

from observability.counters import counters
from observability.metrics import Scrape, counter_family, gauge_family
from observability.observers import SIGNING_KEYS_READ
from upstreams.models import DeliveryTotal, UpstreamTemplate

_REJECTED: Final = "rejected"
_LOST_DELIVERIES: Final = "lost_deliveries"


def count_rejected(*, reason: str, **_: Any) -> None:
    """Count a request that was rejected before authentication; a signal receiver."""
    counters.add(_REJECTED, reason)


def count_lost_deliveries(*, number: int, **_: Any) -> None:
    """Count deliveries that could not be recorded; a signal receiver."""
    counters.add(_LOST_DELIVERIES, by=number)


def upstream_metrics(scrape: Scrape) -> Iterator[Metric]:
    """Yield the metrics of upstream requests and signing keys."""
    totals = DeliveryTotal.objects.values_list("instance__name", "outcome", "reason", "count")
    yield counter_family(
        "signalman_receiver_requests",
        "Upstream requests to an instance, by outcome.",
        ("instance", "outcome", "reason"),
        {(name, outcome, reason): count for name, outcome, reason, count in totals},
    )
    yield counter_family(
        "signalman_receiver_rejected",
        "Requests rejected before authentication: they named no known instance.",
        ("reason",),
        scrape.values(_REJECTED),
    )
    yield counter_family(
        "signalman_receiver_deliveries_lost",
        "Deliveries that were handled, but could neither be counted nor stored as rows.",
        (),
        scrape.values(_LOST_DELIVERIES) or {(): 0},
    )
    tenants = UpstreamTemplate.objects.signed().tenants()
    read = scrape.values(SIGNING_KEYS_READ)
    yield gauge_family(
        "signalman_signing_keys_age_seconds",
        "Time since any process last read the tenant's signing keys.",
        ("tenant",),
        {
            (tenant,): scrape.seconds_since(at)
            for (tenant,), at in read.items()
            if tenant in tenants
        },
    )
