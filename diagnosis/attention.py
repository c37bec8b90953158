"""Which instances of the fleet need attention, by what is stored about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from django.db.models import Sum
from django.template.defaultfilters import pluralize

from diagnosis.reason_codes import Cause, cause_of, explain
from identities.models import SignalRInstance
from sync.models import InstanceStatus, Operation, SyncStatus
from upstreams.models import DeliveryCount, Outcome

_RECENT: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attention:
    """An instance that needs attention. `tab` names the page where the problem is fixed."""

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
        *_refused(now - _RECENT, limit),
        *_different(limit),
    ]
    # Only the most severe entry of each instance.
    return list({row.instance: row for row in reversed(found)}.values())[::-1][: 2 * limit]


def _degraded(limit: int) -> Iterable[Attention]:
    rows = SignalRInstance.objects.filter(provisioning_state__in=SignalRInstance.FAILED_STATES)
    for name, state in rows.values_list("name", "provisioning_state")[:limit]:
        message = f"The provisioning state in Azure is {state}."
        yield Attention(name, "Degraded", message, None, "diagnosis")


def _failed(since: datetime, limit: int) -> Iterable[Attention]:
    """Return the instances whose last operation failed."""
    rows = Operation.objects.filter(state=Operation.State.FAILED, finished_at__gte=since)
    for row in rows.select_related("instance")[:limit]:
        message = f"{row.get_kind_display()} failed. {row.error_message}"
        yield Attention(row.instance.name, "failed", message, row.finished_at, "overview")


def _refused(since: datetime, limit: int) -> Iterable[Attention]:
    rows = (
        DeliveryCount.objects.filter(outcome=Outcome.REFUSED)
        .since(since)
        .order_by()
        .values("reason", "instance")
        .annotate(number=Sum("count"))
        .order_by("-number", "instance")
    )
    # Unauthenticated requests say nothing about the instance.
    ours = (row for row in rows if cause_of(row["reason"]) is not Cause.SENDER)
    shown = list(islice(ours, limit))
    # Not joined to the counts, of which there are many for each instance.
    names = SignalRInstance.objects.only("name").in_bulk([row["instance"] for row in shown])
    for row in shown:
        number = row["number"]
        message = (
            f"{number} request{pluralize(number)} refused in the last hour. "
            f"{explain(row['reason']).meaning}"
        )
        yield Attention(names[row["instance"]].name, "refused", message, None, "traffic")


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
