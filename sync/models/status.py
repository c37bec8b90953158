"""Sync status: how each instance compares with Azure, and counts of it over time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from identities.models import SignalRInstance, Subscription

# Rows deleted in one statement, so that the lock is bounded.
_BATCH: Final = 1_000


class SyncStatus(models.TextChoices):
    """The result of comparing desired and observed state, in Argo CD's terms."""

    SYNCED = "Synced", "Synced"
    OUT_OF_SYNC = "OutOfSync", "Out of sync"
    MISSING = "Missing", "Missing"
    UNKNOWN = "Unknown", "Unknown"


class InstanceStatus(models.Model):
    """The results of the last comparison and diagnosis of an instance, for lists and filters.

    No query can compute these. `sync.desired.sync_status` writes the status, and
    `diagnosis.chain.worst_links` the worst link of the chain from client to handler: its name,
    empty where every check passed, and its outcome, empty until the instance is diagnosed.
    """

    instance = models.OneToOneField(
        SignalRInstance, on_delete=models.CASCADE, primary_key=True, related_name="sync_status"
    )
    status = models.CharField(max_length=16, choices=SyncStatus, db_index=True)
    since = models.DateTimeField(help_text="When the status last changed.")
    worst_link = models.CharField(max_length=16, blank=True, default="", db_default="")
    worst_outcome = models.CharField(max_length=16, blank=True, default="", db_default="")
    diagnosed_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name_plural = "instance statuses"

    def __str__(self) -> str:
        return f"{self.instance}: {self.status}"


class StatusCountQuerySet(models.QuerySet["StatusCount"]):
    """Queries for status counts."""

    def at(self, moment: datetime) -> StatusCountQuerySet:
        """Return, for each subscription, the count that was valid at `moment`."""
        of_one = self.model.objects.filter(subscription=OuterRef("subscription"), at__lte=moment)
        return self.filter(pk=Subquery(of_one.order_by("-at", "-pk").values("pk")[:1]))

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of counts that were superseded before `moment`; return how many."""
        oldest = self.filter(at__lt=moment).exclude(pk__in=self.at(moment).values("pk"))
        keys = list(oldest.order_by("at").values_list("pk", flat=True)[:_BATCH])
        self.filter(pk__in=keys).delete()
        return len(keys)


class StatusCount(models.Model):
    """The instances of a subscription by status, valid from `at` until the next count."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="status_counts"
    )
    at = models.DateTimeField(default=timezone.now)
    synced = models.PositiveIntegerField(default=0)
    out_of_sync = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    paused = models.PositiveIntegerField(default=0)

    objects = StatusCountQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subscription", "-at"], name="status_count_by_age")]

    def __str__(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in self.numbers.items() if number)

    @property
    def numbers(self) -> dict[str, int]:
        """The counts by status."""
        names = ("synced", "out_of_sync", "missing", "unknown", "paused")
        return {name: getattr(self, name) for name in names}
