"""The tab of what was wanted before, by whom and why, and the way back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse

from arm.state import InstanceState
from portal.instance.page import InstancePage
from portal.page import who
from sync.desired.history import rollback
from sync.desired.state import row_state
from sync.models import AuditEvent, DesiredRevision, Operation
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from sync.planning.partial_plan import differences

_ROWS: Final = 10
_EVENTS: Final = 25


class HistoryPage(InstancePage):
    """Revisions of what is wanted, each with what it changed, and what else was done."""

    tab = "history"
    template_name = "portal/instance/history.html"
    permission_required = "sync.view_desiredrevision"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a page of revisions, and the last events of the audit trail."""
        found = DesiredRevision.objects.filter(instance=self.instance).order_by("-number")
        page = Paginator(found, _ROWS).get_page(self.request.GET.get("page"))
        before = found.filter(number=page[-1].number - 1) if page else ()
        last = found.first()
        return super().get_context_data(
            page=page,
            revisions=_with_changes([*page, *before], number=len(page)),
            present=last.number if last else 0,
            **self._events(),
            **kwargs,
        )

    def _events(self) -> dict[str, Any]:
        """Return the last events, and which of their operations are still there to be looked at."""
        events = list(AuditEvent.objects.about(self.instance.arm_id)[:_EVENTS])
        named = {event.operation_id for event in events if event.operation_id}
        kept = Operation.objects.filter(pk__in=named).values_list("pk", flat=True)
        return {"events": events, "kept_operations": set(kept)}


class RollbackPage(InstancePage):
    """What a return to a revision would want otherwise; a POST goes there."""

    tab = "history"
    template_name = "portal/instance/rollback.html"
    permission_required = "sync.view_desiredrevision"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Want it again, and lead to the plan."""
        number = self.kwargs["number"]
        comment = request.POST.get("comment", "").strip()
        try:
            rollback(self.instance, number, who=who(request), comment=comment)
        except SyncError as error:
            context = self.get_context_data(refusal=error, comment=comment)
            return self.render_to_response(context, status=409)
        messages.success(request, f"Wanted again: revision {number}. This is what an apply does.")
        return self.back("plan")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the revision, and what differs between now and it. Raises Http404."""
        number = self.kwargs["number"]
        revision = DesiredRevision.objects.filter(instance=self.instance, number=number).first()
        if revision is None:
            raise Http404(f"{self.instance} has no revision {number}.")
        return super().get_context_data(
            revision=revision,
            changes=_changes(row_state(self.instance), revision.read_state()),
            **kwargs,
        )


def _with_changes(
    revisions: Sequence[DesiredRevision], *, number: int
) -> list[tuple[DesiredRevision, tuple[Change, ...]]]:
    """Return so many of the revisions, the last first, with what each made otherwise."""
    states = [revision.read_state() for revision in revisions]
    earlier = [*states[1:], InstanceState()]
    pairs = zip(revisions[:number], states, earlier, strict=False)
    return [(revision, _changes(before, state)) for revision, state, before in pairs]


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    """Return what differs, without what a revision says nothing of."""
    return differences(before, replace(after, existence=before.existence))
