"""Deliveries: a sample of the upstream requests as they were received."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from identities.models import SignalRInstance
from upstreams.models.batch_deletion import delete_batch


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

    def delete_before(self, moment: datetime, number: int) -> int:
        """Delete at most `number` rows received before `moment`, the oldest; return how many."""
        return delete_batch(self, "received_at", moment, number)


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
    reason = models.CharField(
        max_length=64, blank=True, help_text="Empty if the delivery was accepted."
    )
    status = models.PositiveSmallIntegerField(help_text="The HTTP status of the response.")
    duration_ms = models.FloatField(help_text="Milliseconds from receipt to response.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["instance", "-received_at"], name="delivery_by_instance"),
            # The oldest rows are deleted every minute.
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
