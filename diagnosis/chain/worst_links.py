"""The worst link of each instance as of its last diagnosis, stored for the list of the fleet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from diagnosis.chain.chain import build_chain
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance
from sync.models import InstanceStatus, SyncStatus


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
