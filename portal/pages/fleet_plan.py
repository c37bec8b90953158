"""Refresh, plan and apply for several instances at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse

from identities.models import SignalRInstance
from portal.page import PortalPage, actor_of
from sync.inventory.drift import drift_of
from sync.operations.enqueue import enqueue_refreshes
from sync.operations.plans.fleet import (
    FleetPlan,
    Refusal,
    TooMany,
    messages_of,
    plan_instances,
    start_applies,
    without_running,
)
from sync.operations.plans.output import summary
from sync.planning.plan import Plan

# Refreshed within the request; for more, a worker refreshes their subscriptions.
_AT_ONCE: Final = 10
# Error messages on one page.
_MAX_ERRORS: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """An instance with its plan or why it has none, and why the plan cannot be applied here."""

    instance: SignalRInstance
    plan: Plan | None = None
    problem: str = ""
    obstacle: str = ""

    @property
    def summary(self) -> str:
        """The summary of the plan."""
        return summary(self.plan) if self.plan else ""

    @property
    def warnings(self) -> int:
        """The number of warnings in the plan."""
        return sum(len(step.warnings) for step in self.plan.steps) if self.plan else 0

    @property
    def ticket(self) -> str:
        """The value that the form submits: the name, and the digest of the plan that was shown."""
        return f"{self.instance.name} {self.plan.digest}" if self.plan else ""


class ApplyFleet(PortalPage):
    """Start an operation for each plan that was shown."""

    http_method_names = ["post"]
    permission_to_change = "sync.add_operation"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Start the operations, show errors, and redirect to the list of operations."""
        tickets = dict(ticket.partition(" ")[::2] for ticket in request.POST.getlist("plan"))
        rows = SignalRInstance.objects.with_desired().filter(name__in=tickets)
        shown = [(instance, tickets[instance.name]) for instance in rows]
        started = start_applies(shown, actor=actor_of(request))
        if count := len(started.operations):
            messages.success(request, f"Started {count} operation{pluralize(count)}.")
        _show_errors(request, messages_of(started.refusals))
        if not shown:
            messages.warning(request, "No plans were selected.")
        return HttpResponseRedirect(reverse("admin:sync_operation_changelist"))


def refresh_chosen(request: HttpRequest, rows: QuerySet[SignalRInstance]) -> None:
    """Refresh a few instances now, or the subscriptions of many in the background."""
    chosen = rows.count()
    if chosen <= _AT_ONCE:
        report = drift_of(rows.with_desired())  # type: ignore[attr-defined]  # our own QuerySet
        _show_errors(request, report.errors)
        if read := len(report.entries) - len(report.errors):
            messages.success(request, f"Refreshed {read} instance{pluralize(read)} from Azure.")
        return
    subscriptions = set(rows.order_by().values_list("subscription", flat=True).distinct())
    enqueue_refreshes(subscriptions)
    messages.success(
        request,
        f"{len(subscriptions)} subscription{pluralize(len(subscriptions))} will be refreshed from "
        "Azure in the background. Reload this page in a moment.",
    )


def plan_page(
    request: HttpRequest, rows: QuerySet[SignalRInstance], *, offers_apply: bool = False
) -> HttpResponse | None:
    """Return the page with the plans of these instances, or None with an error message."""
    keys = list(rows.order_by().values_list("pk", flat=True))
    instances = SignalRInstance.objects.with_desired().filter(pk__in=keys)
    try:
        fleet = without_running(plan_instances(instances))
    except TooMany as error:
        messages.error(request, str(error))
        return None
    found = _rows(fleet)
    return TemplateResponse(
        request,
        "portal/fleet_plan.html",
        {
            **admin.site.each_context(request),
            "title": "Plans",
            "rows": found,
            "in_sync": len(fleet.unchanged),
            "tickets": [row.ticket for row in found if row.plan and not row.obstacle],
            "offers_apply": offers_apply and request.user.has_perm("sync.add_operation"),
        },
    )


def _rows(fleet: FleetPlan) -> list[Row]:
    planned = [Row(instance, plan, obstacle=_obstacle(plan)) for instance, plan in fleet.plans]
    refused = [_refused(each) for each in fleet.refusals]
    return sorted([*planned, *refused], key=lambda row: row.instance.name)


def _refused(refusal: Refusal) -> Row:
    error = str(refusal.error)
    return Row(refusal.instance, refusal.plan, "" if refusal.plan else error, obstacle=error)


def _obstacle(plan: Plan) -> str:
    """Return why the plan cannot be applied from this page, or an empty string."""
    if plan.losses:
        return "The plan deletes something. Confirm and apply it on the instance's own page."
    return ""


def _show_errors(request: HttpRequest, errors: Sequence[str]) -> None:
    """Show the first error messages and the number of the others."""
    for error in errors[:_MAX_ERRORS]:
        messages.error(request, error)
    if (more := len(errors) - _MAX_ERRORS) > 0:
        messages.error(request, f"{more} more error{pluralize(more)} not shown.")
