"""Celery task: diagnose the fleet. It may be lost, repeated or late without harm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from celery import shared_task
from django.db.models import F, Q
from django.utils import timezone

from diagnosis.chain.worst_links import store_worst_links
from diagnosis.checklist import diagnose
from identities.models import SignalRInstance, SignalRInstanceQuerySet

# A stored result is refreshed after this time, for deliveries and grants change without one here.
_MAX_AGE: Final = timedelta(minutes=10)
# Instances that one run diagnoses, and how many it stores at once.
_MOST, _BATCH = 500, 50


@shared_task(name="diagnosis.tasks.diagnose_fleet")
def diagnose_fleet() -> None:
    """Diagnose the instances whose stored result is old, and store the worst link of each."""
    diagnose_due()


def diagnose_due(now: datetime | None = None) -> int:
    """Diagnose instances that changed since their last diagnosis, or that are due; return how many.

    Those come first that were never diagnosed, or longest ago. A run takes a limited number.
    """
    moment = now or timezone.now()
    rows = list(due_instances(moment).with_desired()[:_MOST])
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        store_worst_links([(row, diagnose(row, moment)) for row in batch], moment)
    return len(rows)


def due_instances(now: datetime) -> SignalRInstanceQuerySet:
    """Return the instances to diagnose, the longest due first."""
    last = "sync_status__diagnosed_at"
    return SignalRInstance.objects.filter(
        Q(**{f"{last}__isnull": True})
        | Q(**{f"{last}__lt": now - _MAX_AGE})
        | Q(**{f"{last}__lt": F("observed_at")})
        | Q(**{f"{last}__lt": F("sync_status__since")})
    ).order_by(F(last).asc(nulls_first=True), "pk")
