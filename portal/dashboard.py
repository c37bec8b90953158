"""The dashboard: the status of the fleet and what needs attention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone

from diagnosis.reason_codes import Cause, cause_of, explain
from identities.models import SignalRInstance
from portal.charts import traffic_chart
from portal.instance.traffic import explained_reasons
from portal.page import PortalPage, is_fragment
from sync.models import InstanceStatus, Operation, StatusCount, SyncStatus
from upstreams.models import DeliveryCount, Outcome
from upstreams.traffic import PERIODS, traffic

# Entries of each kind; the linked lists have all of them.
_SHOWN: Final = 8
_RECENT: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_LIST: Final = "admin:identities_signalrinstance_changelist"


@dataclass(frozen=True, slots=True)
class Attention:
    """An instance that needs attention. `link` leads to the tab where the problem is fixed."""

    instance: str
    status: str
    message: str
    since: datetime | None
    link: str


class RunningOperationsPage(PortalPage):
    """The running operations, a part of the dashboard that htmx reloads.

    Opened directly, it redirects to the dashboard.
    """

    title = "Running operations"
    permission_required = "sync.view_operation"
    template_name = "portal/dashboard/running_operations.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the fragment for htmx; redirect other requests."""
        if not is_fragment(request):
            return redirect("admin:index")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the operations."""
        return super().get_context_data(operations=running_operations(), **kwargs)


def dashboard(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the admin index with that of the dashboard.

    The number of queries does not depend on the size of the fleet.
    """
    now = timezone.now()
    total = SignalRInstance.objects.count()
    if not total:
        return context | {"is_first_run": True}
    seen = traffic(DeliveryCount.objects.all(), PERIODS["day"], now)
    return context | {
        "statuses": _statuses(total),
        "health": _health(),
        "attention": _attention(now),
        "drift": _drift_since(now - _DAY),
        "operations": running_operations(),
        "seen": seen,
        "totals": [(outcome, seen.total(outcome)) for outcome in Outcome],
        "chart": traffic_chart(seen),
        "reasons": explained_reasons(seen)[:_SHOWN],
    }


def running_operations() -> list[Operation]:
    """Return the running operations, each with the numbers of all and of completed steps."""
    steps = Count("steps"), Count("steps", filter=Q(steps__state="done"))
    rows = Operation.objects.active().select_related("instance")
    return list(rows.annotate(total=steps[0], done=steps[1])[:_SHOWN])


def _statuses(total: int) -> list[tuple[SyncStatus, int, str]]:
    """Return each sync status with its number of instances and the URL of their list."""
    rows = InstanceStatus.objects.order_by().values_list("status").annotate(Count("pk"))
    numbers = {SyncStatus(status): number for status, number in rows}
    # An instance that was never compared has no status row.
    numbers[SyncStatus.UNKNOWN] = total - sum(
        number for status, number in numbers.items() if status != SyncStatus.UNKNOWN
    )
    address = reverse(_LIST)
    return [
        (status, numbers.get(status, 0), f"{address}?status={status.value}")
        for status in SyncStatus
    ]


def _health() -> list[tuple[str, int]]:
    """Return the number of healthy, progressing and degraded instances.

    An instance with a running operation is progressing, also while a role assignment propagates.
    """
    is_running = Q(pk__in=Operation.objects.active().values("instance"))
    numbers = SignalRInstance.objects.exclude(provisioning_state="").aggregate(
        healthy=Count("pk", filter=Q(provisioning_state="Succeeded") & ~is_running),
        degraded=Count("pk", filter=Q(provisioning_state__in=["Failed", "Canceled"])),
        all=Count("pk"),
    )
    progressing = numbers["all"] - numbers["healthy"] - numbers["degraded"]
    return [
        ("Healthy", numbers["healthy"]),
        ("Progressing", progressing),
        ("Degraded", numbers["degraded"]),
    ]


def _attention(now: datetime) -> list[Attention]:
    """Return the instances that need attention: broken ones first, then those with drift."""
    found = [*_degraded(), *_failed(now - _DAY), *_refused(now - _RECENT), *_different()]
    # Only the most severe entry of each instance.
    return list({row.instance: row for row in reversed(found)}.values())[::-1][: 2 * _SHOWN]


def _degraded() -> Iterable[Attention]:
    rows = SignalRInstance.objects.filter(provisioning_state__in=["Failed", "Canceled"])
    for name, state in rows.values_list("name", "provisioning_state")[:_SHOWN]:
        message = f"The provisioning state in Azure is {state}."
        yield Attention(name, "Degraded", message, None, _tab("diagnosis", name))


def _failed(since: datetime) -> Iterable[Attention]:
    """Return the instances whose last operation failed."""
    rows = Operation.objects.filter(state=Operation.State.FAILED, finished_at__gte=since)
    for row in rows.select_related("instance")[:_SHOWN]:
        message = f"{row.get_kind_display()} failed. {row.error_message}"
        yield Attention(
            row.instance.name,
            "failed",
            message,
            row.finished_at,
            _tab("overview", row.instance.name),
        )


def _refused(since: datetime) -> Iterable[Attention]:
    rows = (
        DeliveryCount.objects.filter(outcome=Outcome.REFUSED)
        .since(since)
        .order_by()
        .values("reason", name=F("instance__name"))
        .annotate(number=Sum("count"))
        .order_by("-number", "name")
    )
    # Unauthenticated requests say nothing about the instance.
    ours = (row for row in rows if cause_of(row["reason"]) is not Cause.SENDER)
    for row in islice(ours, _SHOWN):
        number = row["number"]
        message = (
            f"{number} request{pluralize(number)} refused in the last hour. "
            f"{explain(row['reason']).meaning}"
        )
        yield Attention(row["name"], "refused", message, None, _tab("traffic", row["name"]))


def _different() -> Iterable[Attention]:
    texts = {
        SyncStatus.MISSING: "The instance no longer exists in Azure.",
        SyncStatus.OUT_OF_SYNC: "The desired state differs from Azure.",
    }
    rows = InstanceStatus.objects.filter(status__in=texts).select_related("instance")
    for row in rows.order_by("status", "-since")[:_SHOWN]:
        status = SyncStatus(row.status)
        name = row.instance.name
        yield Attention(name, status, texts[status], row.since, _tab("diagnosis", name))


def _drift_since(moment: datetime) -> dict[str, Any]:
    """Return the instances that drifted after `moment`, and how many were out of sync then."""
    drifted = InstanceStatus.objects.filter(status=SyncStatus.OUT_OF_SYNC)
    return {
        "before": StatusCount.objects.at(moment).aggregate(n=Sum("out_of_sync", default=0))["n"],
        "now": drifted.count(),
        "rows": list(
            drifted.filter(since__gt=moment).select_related("instance").order_by("-since")[:_SHOWN]
        ),
    }


def _tab(tab: str, name: str) -> str:
    return reverse(f"portal:instance-{tab}", args=[name])
