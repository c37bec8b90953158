"""The worst link of each instance as of its last diagnosis, stored for the list of the fleet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q
from django.utils import timezone

from diagnosis.chain.chain import build_chain
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance, SignalRInstanceQuerySet
from sync.models import InstanceStatus, SyncStatus

# A stored result is refreshed after this time, for deliveries and grants change without one here.
_MAX_AGE: Final = timedelta(minutes=10)
# Instances that one run diagnoses, and how many it stores at once.
_MOST, _BATCH = 500, 50


def store_worst_links(
    found: Iterable[tuple[SignalRInstance, Iterable[Finding]]], now: datetime
) -> None:
    """Store the worst link of each instance, given its findings, as of `now`.

    An instance that was removed meanwhile is left out.
    """
    rows = {instance.pk: _row(instance, findings, now) for instance, findings in found}
    present = SignalRInstance.objects.filter(pk__in=rows).order_by("pk")
    InstanceStatus.objects.bulk_create(
        # In the same order everywhere, so that two processes cannot deadlock.
        [rows[key] for key in present.values_list("pk", flat=True)],
        update_conflicts=True,
        unique_fields=["instance"],
        update_fields=["worst_link", "worst_outcome", "diagnosed_at"],
    )


def diagnose_and_store(instance: SignalRInstance, *, probing: bool = False) -> list[Finding]:
    """Return the findings on `instance`, after storing its worst link."""
    now = timezone.now()
    findings = diagnose(instance, now, probing=probing)
    store_worst_links([(instance, findings)], now)
    return findings


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


def _row(instance: SignalRInstance, findings: Iterable[Finding], now: datetime) -> InstanceStatus:
    chain = build_chain(findings, {})
    return InstanceStatus(
        instance=instance,
        # For an instance that was never compared; the status of others is kept.
        status=SyncStatus.UNKNOWN,
        since=now,
        worst_link=chain.worst.link if chain.worst else "",
        worst_outcome=chain.outcome,
        diagnosed_at=now,
    )
