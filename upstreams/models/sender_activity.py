"""When hubs last sent to an instance, as the processes that receive its events saw it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models

from identities.models import SignalRInstance

# An instance that was sent to within this period counts as one that hubs send to.
_RECENT: Final = timedelta(days=30)


class SenderActivityQuerySet(models.QuerySet["SenderActivity"]):
    """Queries of sender activity."""

    def recent(self, now: datetime) -> SenderActivityQuerySet:
        """Return that of instances which hubs sent to, or were refused to, in the last 30 days."""
        since = now - _RECENT
        return self.filter(models.Q(sent_at__gte=since) | models.Q(refused_at__gte=since))

    def record(self, instance: str, at: datetime, *, is_refused: bool) -> None:
        """Record a call to the instance of that name; nothing for an unknown instance."""
        field = "refused_at" if is_refused else "sent_at"
        row = SignalRInstance.objects.named(instance).first()
        if row is None:
            return
        self.bulk_create([self.model(instance=row)], ignore_conflicts=True)
        rows = self.filter(models.Q(**{f"{field}__lt": at}) | models.Q(**{field: None}))
        rows.filter(instance=row).update(**{field: at})


class SenderActivity(models.Model):
    """The last call of a hub to an instance, accepted and refused."""

    instance = models.OneToOneField(
        SignalRInstance, on_delete=models.CASCADE, primary_key=True, related_name="sender_activity"
    )
    sent_at = models.DateTimeField(null=True, help_text="The last call that was accepted.")
    refused_at = models.DateTimeField(
        null=True, help_text="The last call that was refused with 401 or 403."
    )

    objects = SenderActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "sender activity"

    def __str__(self) -> str:
        return f"{self.instance}: sent {self.sent_at}, refused {self.refused_at}"

    @property
    def has_sent_since_refusal(self) -> bool:
        """Whether the last call was accepted."""
        if self.sent_at is None:
            return False
        return self.refused_at is None or self.sent_at > self.refused_at
