"""Counts of deliveries as a busy fleet leaves them, inserted by the database itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from observability.counters import Series
from observability.models import MetricValue
from upstreams.models import DeliveryCount, DeliveryHour, DeliveryTotal, Outcome, RefusalHour

# One count for each minute and instance: 1.6 million for ten thousand instances.
_MINUTES = 160
_INSERT = """
    INSERT INTO upstreams_deliverycount
        (minute, instance_id, hub, category, event, outcome, reason, count)
    SELECT %s, id, 'chat', 'messages', 'echo', %s, %s, 1 FROM identities_signalrinstance
    WHERE id %% 20 >= %s AND id %% 20 < %s
"""


def create_deliveries() -> None:
    """Create counts by the minute for every instance, a twentieth of them refused, and the sums."""
    last = timezone.now().replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        for minute in range(_MINUTES):
            at = _prepared(last - timedelta(minutes=minute))
            cursor.execute(_INSERT, [at, "accepted", "", 1, 20])
            cursor.execute(_INSERT, [at, "refused", "wrong_audience", 0, 1])
    counts = DeliveryCount.objects.order_by()
    kind = ("hub", "category", "event", "outcome", "reason")
    hours = counts.annotate(hour=TruncHour("minute")).values("hour", *kind)
    DeliveryHour.objects.bulk_create(
        DeliveryHour(hour=hour, **dict(zip(kind, names, strict=True)), count=number)
        for hour, *names, number in hours.annotate(number=Sum("count")).values_list(
            "hour", *kind, "number"
        )
    )
    refused = counts.filter(outcome=Outcome.REFUSED).annotate(hour=TruncHour("minute"))
    refusals = refused.values("hour", "instance_id", "reason").annotate(number=Sum("count"))
    RefusalHour.objects.bulk_create(
        RefusalHour(hour=hour, instance_id=instance, reason=reason, count=number)
        for hour, instance, reason, number in refusals.values_list(
            "hour", "instance_id", "reason", "number"
        )
    )
    totals = counts.values("instance_id", "outcome", "reason")
    DeliveryTotal.objects.bulk_create(
        DeliveryTotal(instance_id=instance, outcome=outcome, reason=reason, count=number)
        for instance, outcome, reason, number in totals.annotate(number=Sum("count")).values_list(
            "instance_id", "outcome", "reason", "number"
        )
    )
    by_reason = counts.values_list("outcome", "reason").annotate(Sum("count"))
    MetricValue.objects.add(
        {Series("deliveries", (outcome, reason)): number for outcome, reason, number in by_reason}
    )


def _prepared(moment: datetime) -> Any:
    return DeliveryCount._meta.get_field("minute").get_db_prep_value(  # noqa: SLF001  Django's API
        moment, connection
    )
