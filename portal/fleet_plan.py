"""What is done to many instances at once: read Azure, look at their plans, apply those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
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

# Asked about while somebody waits; of more, whole subscriptions are read in the background.
_AT_ONCE: Final = 10
# Plans on one page.
_PLANS: Final = 200
# Sentences about what was not begun.
_SENTENCES: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """An instance with its plan, or with why it has none, and why it cannot be applied here."""

    instance: SignalRInstance
    plan: Plan | None = None
    problem: str = ""
    obstacle: str = ""

    @property
    def summary(self) -> str:
        """The plan in a sentence."""
        return summary(self.plan) if self.plan else ""

    @property
    def warnings(self) -> int:
        """How much is unavailable meanwhile."""
        return sum(len(step.warnings) for step in self.plan.steps) if self.plan else 0

    @property
    def ticket(self) -> str:
        """What the form sends: the name, and the digest of the plan that was shown."""
        return f"{self.instance.name} {self.plan.digest}" if self.plan else ""


class ApplyFleet(PortalPage):
    """Starts an operation for each plan of the page that was shown."""

    http_method_names = ["post"]
    permission_to_change = "sync.add_operation"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Begin what can be begun, say what cannot, and lead to the operations."""
        tickets = dict(ticket.partition(" ")[::2] for ticket in request.POST.getlist("plan"))
        rows = SignalRInstance.objects.with_desired().filter(name__in=tickets)
        begun, refused = 0, []
        for instance in rows:
            try:
                _start(request, instance, tickets[instance.name])
                begun += 1
            except (SyncError, InvalidDesired) as error:
                refused.append(str(error))
        if begun:
            messages.success(request, f"Begun: {begun} operation{'' if begun == 1 else 's'}.")
        _say(request, refused)
        if not begun and not refused:
            messages.warning(request, "No plan was chosen, so nothing was begun.")
        return HttpResponseRedirect(reverse("admin:sync_operation_changelist"))


def refresh_chosen(request: HttpRequest, rows: QuerySet[SignalRInstance]) -> None:
    """Read these instances from Azure: few at once, of many their subscriptions before long."""
    chosen = rows.count()
    if chosen <= _AT_ONCE:
        report = drift_of(rows.with_desired())  # type: ignore[attr-defined]  # our own QuerySet
        _say(request, report.errors)
        if read := len(report.entries) - len(report.errors):
            messages.success(request, f"Azure was read: {read} instance{'' if read == 1 else 's'}.")
        return
    subscriptions = set(rows.order_by().values_list("subscription", flat=True).distinct())
    ask_for_refresh(subscriptions)
    messages.success(
        request,
        f"Azure is being read, {len(subscriptions)} "
        f"subscription{'' if len(subscriptions) == 1 else 's'}: look again in a moment.",
    )


def plan_page(
    request: HttpRequest, rows: QuerySet[SignalRInstance], *, offers_apply: bool = False
) -> HttpResponse | None:
    """Return the page of the plans of these instances, or say why there is none."""
    chosen = rows.count()
    if chosen > _PLANS:
        messages.error(
            request, f"{chosen} instances are chosen: plan at most {_PLANS} at once, by a filter."
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
    """Return why the plan is not applied from a page of many; empty where it can be."""
    if plan.is_empty:
        return "There is nothing to apply."
    if instance.policy != instance.Policy.MANAGE:
        return "Signalman does not manage it."
    if is_busy:
        return "An operation is under way."
    if is_destructive(plan):
        return "It takes something away for good: apply it on its own page."
    return ""


def _start(request: HttpRequest, instance: SignalRInstance, digest: str) -> None:
    start_apply(
        instance,
        digest=digest,
        requested_by=request.user if isinstance(request.user, User) else None,
        requested_by_name=who(request),
    )


def _say(request: HttpRequest, sentences: Sequence[str]) -> None:
    """Say what went wrong, without covering the page with it."""
    for sentence in sentences[:_SENTENCES]:
        messages.error(request, sentence)
    if len(sentences) > _SENTENCES:
        messages.error(request, f"So it went with {len(sentences) - _SENTENCES} more.")
