"""Metrics of the receiver, of the signing keys that it needs, and of what it stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.dispatch import receiver
from prometheus_client.core import Metric

from observability.azure_and_token_metrics import SIGNING_KEYS_READ
from observability.counters import counters
from observability.metrics import Scrape, Values, counter_family, gauge_family, register
from upstreams import retention
from upstreams.models import DeliveryTotal, UpstreamTemplate
from upstreams.receiver.deliveries.storage import DELIVERIES
from upstreams.signals import deliveries_lost, request_rejected

_REJECTED: Final = "rejected"
_LOST_DELIVERIES: Final = "lost_deliveries"


def register_metrics() -> None:
    """Have `/metrics` show the metrics of this app."""
    register(upstream_metrics)
    register(retention_metrics)


@receiver(request_rejected, dispatch_uid="upstreams.metrics")
def count_rejected(*, reason: str, **_: Any) -> None:
    """Count a request that was rejected before authentication."""
    counters.add(_REJECTED, reason)


@receiver(deliveries_lost, dispatch_uid="upstreams.metrics")
def count_lost_deliveries(*, number: int, **_: Any) -> None:
    """Count deliveries that could not be recorded."""
    counters.add(_LOST_DELIVERIES, by=number)


def upstream_metrics(scrape: Scrape) -> Iterator[Metric]:
    """Yield the metrics of upstream requests and signing keys."""
    yield counter_family(
        "signalman_receiver_deliveries",
        "Upstream requests to all instances by outcome, including instances that were removed.",
        ("outcome", "reason"),
        scrape.values(DELIVERIES),
    )
    yield counter_family(
        "signalman_receiver_requests",
        "Upstream requests by instance and outcome, for the instances with the most requests.",
        ("instance", "outcome", "reason"),
        _of_busiest(settings.METRICS["INSTANCES"]),
    )
    yield counter_family(
        "signalman_receiver_rejected",
        "Requests rejected before authentication, or that named an unknown instance.",
        ("reason",),
        scrape.values(_REJECTED),
    )
    yield counter_family(
        "signalman_receiver_deliveries_lost",
        "Deliveries that were handled but could not be recorded.",
        (),
        scrape.values(_LOST_DELIVERIES) or {(): 0},
    )
    tenants = UpstreamTemplate.objects.signed().tenants()
    read = scrape.values(SIGNING_KEYS_READ)
    yield gauge_family(
        "signalman_signing_keys_age_seconds",
        "Time since a process last read the signing keys of the tenant.",
        ("tenant",),
        {
            (tenant,): scrape.seconds_since(at)
            for (tenant,), at in read.items()
            if tenant in tenants
        },
    )


def retention_metrics(scrape: Scrape) -> Iterator[Metric]:
    """Yield the metrics of the deletion of old rows."""
    yield gauge_family(
        "signalman_retention_lag_seconds",
        "Time by which the oldest row exceeds its retention period; 0 if no row does.",
        ("table",),
        {(name,): lag.total_seconds() for name, lag in retention.lags(scrape.now).items()},
    )
    deleted = {(table.name,): 0.0 for table in retention.TABLES}
    yield counter_family(
        "signalman_retention_rows_deleted",
        "Rows deleted because their retention period ended.",
        ("table",),
        deleted | dict(scrape.values(retention.DELETED)),
    )


def _of_busiest(number: int) -> Values:
    """Return the totals of the busiest `number` instances, by instance, outcome and reason."""
    if not number:
        return {}
    rows = DeliveryTotal.objects.of_busiest(number)
    totals = rows.values_list("instance__name", "outcome", "reason", "count")
    return {(name, outcome, reason): count for name, outcome, reason, count in totals}
