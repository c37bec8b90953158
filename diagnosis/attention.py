"""Which instances of the fleet need attention, by what is stored about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Sum
from django.template.defaultfilters import pluralize

from diagnosis.reason_codes import REASONS_TO_FIX, explain
from identities.models import SignalRInstance
from sync.models import InstanceStatus, Operation, SyncStatus
from upstreams.models import RefusalHour

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attention:
    """An instance that needs attention. `tab` names the page where the problem is fixed.

    `since` is when the problem began; of refused requests, the start of the time that is counted.
    """

    instance: str
    status: str
    message: str
    since: datetime | None
    tab: str


def instances_needing_attention(now: datetime, limit: int) -> list[Attention]:
    """Return instances that need attention, at most `limit` of each kind: broken ones first."""
    found = [
        *_degraded(limit),
        *_failed(now - _DAY, limit),
        *_refused(refusals_since(now), limit),
        *_different(limit),
    ]
    return _first_of_each_instance(found, 2 * limit)


def _first_of_each_instance(rows: Iterable[Attention], limit: int) -> list[Attention]:
    """Return the first, most severe entry of each instance, in their order."""
    found: dict[str, Attention] = {}
    for row in rows:
        found.setdefault(row.instance, row)
    return list(found.values())[:limit]


def refusals_since(now: datetime) -> datetime:
    """Return the start of the previous hour in UTC, from which on refused requests are counted."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - _HOUR


def _degraded(limit: int) -> Iterable[Attention]:
    rows = SignalRInstance.objects.filter(provisioning_state__in=SignalRInstance.FAILED_STATES)
    for name, state in rows.values_list("name", "provisioning_state")[:limit]:
        message = f"The provisioning state in Azure is {state}."
        yield Attention(name, "Degraded", message, None, "diagnosis")


def _failed(since: datetime, limit: int) -> Iterable[Attention]:
    """Return the instances whose last operation failed."""
    later = Operation.objects.filter(
        instance=OuterRef("instance"), created_at__gt=OuterRef("created_at")
    )
    rows = Operation.objects.filter(
        ~Exists(later), state=Operation.State.FAILED, finished_at__gte=since
    )
    for row in rows.select_related("instance")[:limit]:
        message = f"{row.get_kind_display()} failed. {row.error_message}"
        yield Attention(row.instance.name, "failed", message, row.finished_at, "overview")


def _refused(since: datetime, limit: int) -> Iterable[Attention]:
    """Return the instances with the most requests that were refused for the same reason."""
    rows = (
        RefusalHour.objects.since(since)
        # Unauthenticated requests say nothing about the instance.
        .filter(reason__in=REASONS_TO_FIX)
        .order_by()
        .values("reason", "instance__name")
        .annotate(number=Sum("count"))
        .order_by("-number", "instance__name", "reason")
    )
    # An instance has a row for each reason, so this many have at least `limit` instances.
    found = []
    for row in rows[: limit * len(REASONS_TO_FIX)]:
        number = row["number"]
        message = f"{number} request{pluralize(number)} refused. {explain(row['reason']).meaning}"
        found.append(Attention(row["instance__name"], "refused", message, since, "traffic"))
    return _first_of_each_instance(found, limit)


def _different(limit: int) -> Iterable[Attention]:
    texts = {
        SyncStatus.MISSING: "The instance no longer exists in Azure.",
        SyncStatus.OUT_OF_SYNC: "The desired state differs from Azure.",
    }
    rows = InstanceStatus.objects.filter(status__in=texts).select_related("instance")
    for row in rows.order_by("status", "-since")[:limit]:
        status = SyncStatus(row.status)
        name = row.instance.name
        yield Attention(name, status, texts[status], row.since, "diagnosis")
