"""The dashboard: the status of the fleet and what needs attention."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from diagnosis.attention import instances_needing_attention, refusals_since
from identities.models import SignalRInstance
from portal.chart_js import traffic_chart
from portal.instance.traffic import explained_reasons
from portal.page import PortalPage, is_fragment
from sync.models import InstanceStatus, Operation, StatusCount, SyncStatus
from upstreams.models import DeliveryHour, Outcome
from upstreams.traffic_series import PERIODS, traffic

# Entries of each kind; the linked lists have all of them.
_SHOWN: Final = 8
_DAY: Final = timedelta(days=1)
_CHART_PERIOD: Final = PERIODS["day"]
_LIST: Final = "admin:identities_signalrinstance_changelist"


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
    seen = traffic(DeliveryHour.objects.all(), _CHART_PERIOD, now)
    return context | {
        "statuses": _statuses(total),
        "health": _health(),
        "attention": [
            (row, reverse(f"portal:instance-{row.tab}", args=[row.instance]))
            for row in instances_needing_attention(now, _SHOWN)
        ],
        "refusals_since": refusals_since(now),
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
        degraded=Count("pk", filter=Q(provisioning_state__in=SignalRInstance.FAILED_STATES)),
        all=Count("pk"),
    )
    progressing = numbers["all"] - numbers["healthy"] - numbers["degraded"]
    return [
        ("Healthy", numbers["healthy"]),
        ("Progressing", progressing),
        ("Degraded", numbers["degraded"]),
    ]


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
