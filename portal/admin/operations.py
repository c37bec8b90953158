"""Admin of operations, revisions and audit events, all read-only."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from portal.admin.base import Empty, PeriodFilter, ReadOnlyAdmin
from portal.templatetags.portal import moment, pill
from sync.models import AuditEvent, DesiredRevision, Operation
from upstreams.url_templates.redaction import redacted


class RequestedFilter(PeriodFilter):
    """By the time at which an operation was requested."""

    column = "created_at"


class RecordedFilter(PeriodFilter):
    """By the time of a change."""

    column = "at"


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Operations with their status and result."""

    empty = Empty("No operations yet", "Applying the plan of an instance starts an operation.")
    list_display = ["named", "shown_state", "status_text", "actor", "requested", "finished"]
    list_display_links = None
    list_filter = ["state", "kind", RequestedFilter]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "requested_by_name", "error_code", "error_message"]

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Redirect to the page of the operation."""
        operation = self.get_object(request, object_id)
        if request.method != "GET" or not self.has_view_permission(request, operation):
            raise PermissionDenied
        if operation is None:
            return HttpResponseRedirect(reverse("admin:sync_operation_changelist"))
        return HttpResponseRedirect(reverse("portal:operation", args=[operation.pk]))

    @display(description="operation", ordering="instance__name")
    def named(self, operation: Operation) -> SafeString:
        """Return the operation with a link to its page."""
        address = reverse("portal:operation", args=[operation.pk])
        return format_html('<a class="list-link" href="{}">{}</a>', address, operation)

    @display(description="state", ordering="state")
    def shown_state(self, operation: Operation) -> SafeString:
        """Return the coloured state."""
        return pill(operation.state, operation.get_state_display())

    @display(description="status")
    def status_text(self, operation: Operation) -> str:
        """Return what the operation waits for, or its result."""
        return operation.status_text

    @display(description="requested by", ordering="requested_by_name")
    def actor(self, operation: Operation) -> str:
        """Return who requested the operation."""
        return operation.requested_by_name

    @display(description="requested", ordering="created_at")
    def requested(self, operation: Operation) -> SafeString | str:
        """Return when the operation was requested."""
        return moment(operation.created_at)

    @display(description="finished", ordering="finished_at")
    def finished(self, operation: Operation) -> SafeString | str:
        """Return when the operation finished."""
        return moment(operation.finished_at, "—")


@admin.register(DesiredRevision)
class DesiredRevisionAdmin(ReadOnlyAdmin):
    """Revisions of the desired state."""

    empty = Empty(
        "No revisions yet", "Each change of the desired state of an instance is recorded here."
    )
    list_display = ["instance", "number", "at", "who", "action", "comment"]
    list_filter = ["action", RecordedFilter]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "who", "comment"]
    fields = ["instance", "number", "at", "who", "action", "comment", "shown_state", "digest"]

    @display(description="state")
    def shown_state(self, revision: DesiredRevision) -> str:
        """Return the desired state with keys in URLs redacted."""
        return json.dumps(redacted(revision.state), indent=2)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The audit trail: who changed what, with the values before and after."""

    empty = Empty("No events yet", "Every change is recorded here.")
    list_display = ["at", "who", "action", "object"]
    list_filter = ["action", RecordedFilter]
    search_fields = ["who", "object", "operation_id"]
