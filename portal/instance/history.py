"""The History tab: revisions of the desired state, and rollback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse

from arm.instance_state import InstanceState
from portal.instance.page import InstancePage
from portal.page import who
from sync.components.registry import REGISTRY
from sync.desired.history import rollback
from sync.desired.state import declared_state
from sync.models import AuditEvent, DesiredRevision, Operation
from sync.planning.changes import Change
from sync.planning.errors import SyncError

_ROWS: Final = 10
_EVENTS: Final = 25


class HistoryPage(InstancePage):
    """The revisions of the desired state with their changes, and recent audit events."""

    tab = "history"
    template_name = "portal/instance/history.html"
    permission_required = "sync.view_desiredrevision"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a page of revisions, and the latest audit events."""
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
        """Return the latest audit events, and those of their operations that still exist."""
        events = list(AuditEvent.objects.about(self.instance.arm_id)[:_EVENTS])
        ids = {event.operation_id for event in events if event.operation_id}
        kept = Operation.objects.filter(pk__in=ids).values_list("pk", flat=True)
        return {"events": events, "kept_operations": set(kept)}


class RollbackPage(InstancePage):
    """The changes of a rollback to a revision; a POST rolls back."""

    tab = "history"
    template_name = "portal/instance/rollback.html"
    permission_required = "sync.view_desiredrevision"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Roll back and redirect to the plan."""
        number = self.kwargs["number"]
        comment = request.POST.get("comment", "").strip()
        try:
            rollback(self.instance, number, who=who(request), comment=comment)
        except SyncError as error:
            context = self.get_context_data(refusal=error, comment=comment)
            return self.render_to_response(context, status=409)
        messages.success(
            request, f"Rolled back to revision {number}. Apply this plan to update Azure."
        )
        return self.redirect_to_tab("plan")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the revision, and its differences from the current desired state. Raises Http404."""
        number = self.kwargs["number"]
        revision = DesiredRevision.objects.filter(instance=self.instance, number=number).first()
        if revision is None:
            raise Http404(f"{self.instance} has no revision {number}.")
        return super().get_context_data(
            revision=revision,
            changes=_changes(declared_state(self.instance), revision.read_state()),
            **kwargs,
        )


def _with_changes(
    revisions: Sequence[DesiredRevision], *, number: int
) -> list[tuple[DesiredRevision, tuple[Change, ...]]]:
    """Return the first `number` revisions, newest first, each with its changes."""
    states = [revision.read_state() for revision in revisions]
    earlier = [*states[1:], InstanceState()]
    pairs = zip(revisions[:number], states, earlier, strict=False)
    return [(revision, _changes(before, state)) for revision, state, before in pairs]


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    """Return the differences, except those of existence, which revisions do not record."""
    return REGISTRY.differences(before, replace(after, existence=before.existence))
