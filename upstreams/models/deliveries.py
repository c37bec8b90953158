"""Deliveries: upstream requests as they were received, as samples, counts and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.db.models import F, Sum

from identities.models import SignalRInstance

# Rows deleted in one statement: bounds the lock, however long nothing was deleted.
_BATCH: Final = 5_000


class Outcome(models.TextChoices):
    """The outcome of a delivery."""

    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Queries of sampled deliveries."""

    def refused(self) -> DeliveryQuerySet:
        """Return those that reached no handler."""
        return self.filter(outcome="refused")

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of the rows received before `moment`; return how many."""
        oldest = self.filter(received_at__lt=moment).order_by("received_at")
        return self.filter(pk__in=_batch(oldest)).delete()[0]


class Delivery(models.Model):
    """One upstream request as it was received: a sample, kept for some days.

    Hub, event and connection of a refused request are unverified: the sender chose them. Tokens,
    claims, arguments and queries are never stored.
    """

    received_at = models.DateTimeField()
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="deliveries"
    )
    hub = models.CharField(max_length=128, blank=True)
    category = models.CharField(max_length=16, blank=True)
    event = models.CharField(max_length=256, blank=True)
    connection_id = models.CharField(max_length=128, blank=True)
    user_id = models.CharField("user ID", max_length=256, blank=True)
    invocation_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True, help_text="Empty where it was accepted.")
    status = models.PositiveSmallIntegerField(help_text="The HTTP status of the response.")
    duration_ms = models.FloatField(help_text="Milliseconds from receipt to response.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["instance", "-received_at"], name="delivery_by_instance"),
            # The oldest rows are deleted every few minutes.
            models.Index(fields=["received_at"], name="delivery_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="delivery_outcome_is_known",
                condition=models.Q(outcome__in=["accepted", "refused", "failed"]),
                violation_error_message="A delivery was accepted, refused or failed.",
            ),
            models.CheckConstraint(
                name="only_an_accepted_delivery_has_no_reason",
                condition=models.Q(outcome="accepted", reason="")
                | (~models.Q(outcome="accepted") & ~models.Q(reason="")),
                violation_error_message="A delivery that was not accepted has a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub}/{self.category}/{self.event}: {self.outcome}"


class DeliveryCountQuerySet(models.QuerySet["DeliveryCount"]):
    """Queries of delivery counts."""

    def since(self, moment: datetime) -> DeliveryCountQuerySet:
        """Return the counts of minutes from `moment` on."""
        return self.filter(minute__gte=moment)

    def total(self) -> int:
        """Return the number of deliveries in these rows."""
        return self.aggregate(total=Sum("count"))["total"] or 0

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of the rows of minutes before `moment`; return how many."""
        oldest = self.filter(minute__lt=moment).order_by("minute")
        return self.filter(pk__in=_batch(oldest)).delete()[0]


class DeliveryCount(models.Model):
    """The number of deliveries of one kind to an instance in one minute; every delivery counts.

    `hub` and `event` are those of the registered handler, and empty where there is none, so that
    the code bounds the number of rows and not the names that senders invent.
    """

    minute = models.DateTimeField(help_text="The start of the minute.")
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="delivery_counts"
    )
    hub = models.CharField(max_length=128, blank=True)
    category = models.CharField(max_length=16, blank=True)
    event = models.CharField(max_length=256, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    objects = DeliveryCountQuerySet.as_manager()

    class Meta:
        ordering = ["-minute"]
        indexes = [models.Index(fields=["minute"], name="delivery_count_by_age")]
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


class DeliveryTotalQuerySet(models.QuerySet["DeliveryTotal"]):
    """Queries of delivery totals."""

    def add(self, deliveries: Iterable[tuple[int, str, str, int]]) -> None:
        """Add (instance key, outcome, reason, number) tuples. Call it in a transaction."""
        numbers: Counter[tuple[int, str, str]] = Counter()
        for instance, outcome, reason, number in deliveries:
            numbers[instance, outcome, reason] += number
        # In the same order everywhere, so that two processes cannot deadlock.
        for kind in sorted(numbers):
            columns = dict(zip(("instance_id", "outcome", "reason"), kind, strict=True))
            added = self.filter(**columns).update(count=F("count") + numbers[kind])
            if not added:
                self.bulk_create([self.model(**columns)], ignore_conflicts=True)
                self.filter(**columns).update(count=F("count") + numbers[kind])


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


def _batch(rows: models.QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:_BATCH])
