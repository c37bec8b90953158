"""Counts of deliveries: by minute and instance, by hour, in total, and of refusals by hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from django.db import models
from django.db.models import Sum

from identities.models import SignalRInstance
from observability.increments import increment
from upstreams.models.batch_deletion import delete_batch
from upstreams.models.deliveries import Outcome

_Count = TypeVar("_Count", bound=models.Model)

_KIND: Final = ("hub", "category", "event", "outcome", "reason")
_BY_MINUTE: Final = ("minute", "instance", *_KIND)
_BY_HOUR: Final = ("hour", *_KIND)
_REFUSALS_BY_HOUR: Final = ("hour", "instance", "reason")
_TOTAL: Final = ("instance", "outcome", "reason")


class CountQuerySet(models.QuerySet[_Count]):
    """Queries of counts that belong to a period."""

    # The field with the start of the period.
    start: ClassVar[str]

    def since(self, moment: datetime) -> CountQuerySet[_Count]:
        """Return the counts of periods that start at `moment` or later."""
        return self.filter(**{f"{self.start}__gte": moment})

    def total(self) -> int:
        """Return the number of deliveries in these rows."""
        return self.aggregate(total=Sum("count"))["total"] or 0

    def delete_before(self, moment: datetime, number: int) -> int:
        """Delete at most `number` rows of periods before `moment`, the oldest; return how many."""
        return delete_batch(self, self.start, moment, number)


class DeliveryCountQuerySet(CountQuerySet["DeliveryCount"]):
    """Queries of counts by the minute."""

    start = "minute"

    def add(self, counts: Mapping[tuple[datetime, int, str, str, str, str, str], int]) -> None:
        """Add numbers of deliveries by minute, instance key, hub, category, event, outcome, reason.

        Call it in a transaction.
        """
        rows = ((*kind, counts[kind]) for kind in sorted(counts))
        increment(self.model, (*_BY_MINUTE, "count"), _BY_MINUTE, rows)


class KindCount(models.Model):
    """A number of deliveries of one kind; every delivery counts.

    `hub` and `event` are those of the registered handler, and empty where there is none, so that
    the code bounds the number of rows and not the names that senders invent.
    """

    hub = models.CharField(max_length=128, blank=True)
    category = models.CharField(max_length=16, blank=True)
    event = models.CharField(max_length=256, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True


class DeliveryCount(KindCount):
    """The number of deliveries of one kind to an instance in one minute."""

    minute = models.DateTimeField(help_text="The start of the minute.")
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="delivery_counts"
    )
    objects = DeliveryCountQuerySet.as_manager()

    class Meta:
        ordering = ["-minute"]
        indexes = [
            models.Index(fields=["minute"], name="delivery_count_by_age"),
            # The list of counts is filtered by outcome; most are of accepted deliveries.
            models.Index(
                fields=["minute"], condition=models.Q(outcome="refused"), name="refused_by_age"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "minute", "hub", "category", "event", "outcome", "reason"],
                name="one_count_a_minute_and_kind",
            ),
            models.CheckConstraint(
                name="count_outcome_is_known",
                condition=models.Q(outcome__in=["accepted", "refused", "failed"]),
                violation_error_message="A delivery was accepted, refused or failed.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.outcome}: {self.count}"


class DeliveryHourQuerySet(CountQuerySet["DeliveryHour"]):
    """Queries of counts by the hour."""

    start = "hour"

    def add(self, counts: Mapping[tuple[datetime, str, str, str, str, str], int]) -> None:
        """Add numbers of deliveries by hour, hub, category, event, outcome and reason.

        Call it in a transaction.
        """
        rows = ((*kind, counts[kind]) for kind in sorted(counts))
        increment(self.model, (*_BY_HOUR, "count"), _BY_HOUR, rows)


class DeliveryHour(KindCount):
    """The number of deliveries of one kind to all instances in one hour.

    Deliveries to an instance that was deleted since are included. The number of rows does not
    depend on the size of the fleet.
    """

    hour = models.DateTimeField(help_text="The start of the hour, in UTC.")
    objects = DeliveryHourQuerySet.as_manager()

    class Meta:
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "hub", "category", "event", "outcome", "reason"],
                name="one_count_an_hour_and_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.outcome}: {self.count}"


class RefusalHourQuerySet(CountQuerySet["RefusalHour"]):
    """Queries of refused deliveries by the hour."""

    start = "hour"

    def add(self, counts: Mapping[tuple[datetime, int, str], int]) -> None:
        """Add numbers of refused deliveries by hour, instance key and reason.

        Call it in a transaction.
        """
        rows = ((*kind, counts[kind]) for kind in sorted(counts))
        increment(self.model, (*_REFUSALS_BY_HOUR, "count"), _REFUSALS_BY_HOUR, rows)


class RefusalHour(models.Model):
    """The number of deliveries to an instance that were refused for one reason in one hour.

    Kept for as long as the dashboard needs it. An hour has at most one row for each instance and
    reason code, whatever clients send.
    """

    hour = models.DateTimeField(help_text="The start of the hour, in UTC.")
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="refusal_hours"
    )
    reason = models.CharField(max_length=64)
    count = models.PositiveBigIntegerField(default=0)

    objects = RefusalHourQuerySet.as_manager()

    class Meta:
        ordering = ["-hour"]
        constraints = [
            # The hour first: its index serves the dashboard and the deletion of old rows.
            models.UniqueConstraint(
                fields=["hour", "reason", "instance"], name="one_refusal_count_an_hour_and_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.reason}: {self.count}"


class DeliveryTotalQuerySet(models.QuerySet["DeliveryTotal"]):
    """Queries of delivery totals."""

    def of_busiest(self, number: int) -> DeliveryTotalQuerySet:
        """Return the totals of the `number` instances with the most deliveries."""
        instances = self.order_by().values("instance").annotate(number=Sum("count"))
        busiest = instances.order_by("-number", "instance").values("instance")[:number]
        return self.filter(instance__in=busiest)

    def add(self, counts: Mapping[tuple[int, str, str], int]) -> None:
        """Add numbers of deliveries by instance key, outcome and reason.

        Call it in a transaction.
        """
        rows = ((*kind, counts[kind]) for kind in sorted(counts))
        increment(self.model, (*_TOTAL, "count"), _TOTAL, rows)


class DeliveryTotal(models.Model):
    """The number of deliveries of one outcome to an instance since it was added; only grows.

    One row for each instance and reason.
    """

    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="delivery_totals"
    )
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    objects = DeliveryTotalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "outcome", "reason"], name="one_total_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.count}"
