"""Refresh, plan and apply for several instances at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse

from identities.models import SignalRInstance
from portal.instance.plan import is_destructive
from portal.page import PortalPage, who
from sync.inventory.drift import drift_of
from sync.models import Operation
from sync.operations.instance_plan import plan_instance
from sync.operations.lifecycle import start_apply
from sync.operations.queue import ask_for_refresh
from sync.operations.rendering import summary
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan

# Refreshed within the request; for more, a worker refreshes their subscriptions.
_AT_ONCE: Final = 10
# Plans on one page.
_PLANS: Final = 200
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
        started, refused = 0, []
        for instance in rows:
            try:
                _start(request, instance, tickets[instance.name])
                started += 1
            except (SyncError, InvalidDesired) as error:
                refused.append(str(error))
        if started:
            messages.success(request, f"Started {started} operation{pluralize(started)}.")
        _show_errors(request, refused)
        if not started and not refused:
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
    ask_for_refresh(subscriptions)
    messages.success(
        request,
        f"{len(subscriptions)} subscription{pluralize(len(subscriptions))} will be refreshed from "
        "Azure in the background. Reload this page in a moment.",
    )


def plan_page(
    request: HttpRequest, rows: QuerySet[SignalRInstance], *, offers_apply: bool = False
) -> HttpResponse | None:
    """Return the page with the plans of these instances, or None with an error message."""
    chosen = rows.count()
    if chosen > _PLANS:
        messages.error(
            request, f"{chosen} instances are selected. Use filters to select at most {_PLANS}."
        )
        return None
    keys = list(rows.order_by().values_list("pk", flat=True))
    instances = SignalRInstance.objects.with_desired().filter(pk__in=keys)
    found = _planned(instances)
    return TemplateResponse(
        request,
        "portal/fleet_plan.html",
        {
            **admin.site.each_context(request),
            "title": "Plans",
            "rows": [row for row in found if row.problem or (row.plan and row.plan.steps)],
            "in_sync": sum(1 for row in found if row.plan and row.plan.is_empty),
            "tickets": [row.ticket for row in found if row.plan and not row.obstacle],
            "offers_apply": offers_apply and request.user.has_perm("sync.add_operation"),
        },
    )


def _planned(instances: Iterable[SignalRInstance]) -> list[Row]:
    rows = list(instances)
    busy = set(
        Operation.objects.unfinished().filter(instance__in=rows).values_list("instance", flat=True)
    )
    return [_row(instance, is_busy=instance.pk in busy) for instance in rows]


def _row(instance: SignalRInstance, *, is_busy: bool) -> Row:
    try:
        plan = plan_instance(instance)
    except (SyncError, InvalidDesired) as error:
        return Row(instance, problem=str(error), obstacle="There is no plan.")
    return Row(instance, plan, obstacle=_obstacle(instance, plan, is_busy=is_busy))


def _obstacle(instance: SignalRInstance, plan: Plan, *, is_busy: bool) -> str:
    """Return why the plan cannot be applied from this page, or an empty string."""
    if plan.is_empty:
        return "There is nothing to apply."
    if instance.policy != instance.Policy.MANAGE:
        return "The policy of the instance is not Manage."
    if is_busy:
        return "An operation is in progress."
    if is_destructive(plan):
        return "It deletes resources that cannot be restored. Apply it on the instance's own page."
    return ""


def _start(request: HttpRequest, instance: SignalRInstance, digest: str) -> None:
    start_apply(
        instance,
        digest=digest,
        requested_by=request.user if isinstance(request.user, User) else None,
        requested_by_name=who(request),
    )


def _show_errors(request: HttpRequest, errors: Sequence[str]) -> None:
    """Show the first error messages and the number of the others."""
    for error in errors[:_MAX_ERRORS]:
        messages.error(request, error)
    if (more := len(errors) - _MAX_ERRORS) > 0:
        messages.error(request, f"{more} more error{pluralize(more)} not shown.")
