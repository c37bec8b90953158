"""Storage of deliveries, in batches, and deletion of old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F

from identities.models import SignalRInstance
from upstreams.models import Delivery, DeliveryCount, DeliveryTotal
from upstreams.receiver.configuration import Configuration
from upstreams.receiver.deliveries.records import DeliveryRecord

SECONDS_A_MINUTE = 60


class Kind(NamedTuple):
    """The key of a counter: the columns of a DeliveryCount. `minute` counts from the epoch."""

    minute: int
    instance: int
    hub: str
    category: str
    event: str
    outcome: str
    reason: str


def write(counts: Mapping[Kind, int], samples: Sequence[DeliveryRecord]) -> None:
    """Add `counts` to those stored, and store `samples`: everything, or nothing on an error.

    Deliveries of instances that were deleted meanwhile are left out. Raises DatabaseError.
    """
    try:
        _write(counts, samples)
    except IntegrityError:
        # An instance was deleted in the meantime.
        _write(counts, samples)


def prune(now: datetime, configuration: Configuration) -> None:
    """Delete a batch of the rows that are older than the configuration keeps them."""
    Delivery.objects.delete_before(now - timedelta(days=configuration.delivery_days))
    DeliveryCount.objects.delete_before(now - timedelta(days=configuration.count_days))


@transaction.atomic
def _write(counts: Mapping[Kind, int], samples: Sequence[DeliveryRecord]) -> None:
    instances = SignalRInstance.objects.filter(pk__in={kind.instance for kind in counts})
    known = set(instances.values_list("pk", flat=True))
    counts = {kind: number for kind, number in counts.items() if kind.instance in known}
    _add(counts)
    DeliveryTotal.objects.add(
        (kind.instance, kind.outcome, kind.reason, number) for kind, number in counts.items()
    )
    Delivery.objects.bulk_create(_sample(one) for one in samples if one.instance in known)


def _add(counts: Mapping[Kind, int]) -> None:
    # In one order everywhere: two processes that add to the same rows must not wait for each other.
    kinds = sorted(counts)
    DeliveryCount.objects.bulk_create([_row(kind) for kind in kinds], ignore_conflicts=True)
    for kind in kinds:
        DeliveryCount.objects.filter(**_columns(kind)).update(count=F("count") + counts[kind])


def _row(kind: Kind) -> DeliveryCount:
    return DeliveryCount(count=0, **_columns(kind))


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


def _columns(kind: Kind) -> dict[str, object]:
    columns = kind._asdict()
    columns["instance_id"] = columns.pop("instance")
    columns["minute"] = datetime.fromtimestamp(kind.minute * SECONDS_A_MINUTE, tz=UTC)
    return columns
