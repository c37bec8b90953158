"""Storage of deliveries, in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django.db import IntegrityError, transaction

from identities.models import SignalRInstance
from observability.counters import Series
from observability.models import MetricValue
from upstreams.models import (
    Delivery,
    DeliveryCount,
    DeliveryHour,
    DeliveryTotal,
    Outcome,
    RefusalHour,
)
from upstreams.receiver.deliveries.records import SECONDS_A_MINUTE, DeliveryRecord, Kind

_SECONDS_AN_HOUR: Final = 3600
_MINUTES_AN_HOUR: Final = 60
# The metric of all deliveries, by outcome and reason.
DELIVERIES: Final = "deliveries"


def write(counts: Mapping[Kind, int], samples: Sequence[DeliveryRecord]) -> None:
    """Add `counts` to those stored, and store `samples`: everything, or nothing on an error.

    The number of statements does not depend on the number of instances. Deliveries of instances
    that were deleted meanwhile are left out. Raises DatabaseError.
    """
    try:
        _write(counts, samples)
    except IntegrityError:
        # An instance was deleted in the meantime.
        _write(counts, samples)


@transaction.atomic
def _write(counts: Mapping[Kind, int], samples: Sequence[DeliveryRecord]) -> None:
    instances = SignalRInstance.objects.filter(pk__in={kind.instance for kind in counts})
    known = set(instances.values_list("pk", flat=True))
    counts = {kind: number for kind, number in counts.items() if kind.instance in known}
    starts = {kind.minute: _moment(kind.minute * SECONDS_A_MINUTE) for kind in counts}
    DeliveryCount.objects.add(
        {(starts[kind.minute], *kind[1:]): number for kind, number in counts.items()}
    )
    totals: Counter[tuple[int, str, str]] = Counter()
    hours: Counter[tuple[datetime, str, str, str, str, str]] = Counter()
    refusals: Counter[tuple[datetime, int, str]] = Counter()
    metrics: Counter[Series] = Counter()
    for kind, number in counts.items():
        hour = _moment(kind.minute // _MINUTES_AN_HOUR * _SECONDS_AN_HOUR)
        totals[kind.instance, kind.outcome, kind.reason] += number
        hours[hour, kind.hub, kind.category, kind.event, kind.outcome, kind.reason] += number
        metrics[Series(DELIVERIES, (kind.outcome, kind.reason))] += number
        if kind.outcome == Outcome.REFUSED:
            refusals[hour, kind.instance, kind.reason] += number
    DeliveryTotal.objects.add(totals)
    RefusalHour.objects.add(refusals)
    Delivery.objects.bulk_create([_sample(one) for one in samples if one.instance in known])
    # Last: every process adds to these few rows, and locks them until the transaction ends.
    DeliveryHour.objects.add(hours)
    MetricValue.objects.add(metrics)


def _sample(delivery: DeliveryRecord) -> Delivery:
    return Delivery(
        instance_id=delivery.instance,
        received_at=datetime.fromtimestamp(delivery.at, tz=UTC),
        duration_ms=delivery.duration_seconds * 1000,
        status=delivery.status,
        outcome=delivery.outcome,
        reason=delivery.reason,
        hub=delivery.hub,
        category=delivery.category,
        event=delivery.event,
        connection_id=delivery.connection_id,
        user_id=delivery.user_id,
        invocation_id=delivery.invocation_id,
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
