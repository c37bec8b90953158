"""Operations, revisions and the audit trail: to read, never to edit."""

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

from portal.admin.base import Empty, ReadOnlyAdmin
from portal.templatetags.portal import moment, pill
from sync.models import AuditEvent, DesiredRevision, Operation
from upstreams.redaction import redacted


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Work in Azure: what it waits for, and how it ended."""

    empty = Empty(
        "Nothing was written to Azure yet", "An apply of an instance's plan becomes an operation."
    )
    list_display = ["named", "shown_state", "standing", "by", "begun", "ended"]
    list_display_links = None
    list_filter = ["state", "kind"]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "requested_by_name", "error_code", "error_message"]
    date_hierarchy = "created_at"

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Lead to the operation's own page, which is followed."""
        operation = self.get_object(request, object_id)
        if request.method != "GET" or not self.has_view_permission(request, operation):
            raise PermissionDenied
        if operation is None:
            return HttpResponseRedirect(reverse("admin:sync_operation_changelist"))
        return HttpResponseRedirect(reverse("portal:operation", args=[operation.pk]))

    @display(description="operation", ordering="instance__name")
    def named(self, operation: Operation) -> SafeString:
        """Return what is done, as the way to its page."""
        address = reverse("portal:operation", args=[operation.pk])
        return format_html('<a class="list-link" href="{}">{}</a>', address, operation)

    @display(description="state", ordering="state")
    def shown_state(self, operation: Operation) -> SafeString:
        """Return the state in its colour."""
        return pill(operation.state, operation.get_state_display())

    @display(description="by", ordering="requested_by_name")
    def by(self, operation: Operation) -> str:
        """Return who asked for it."""
        return operation.requested_by_name

    @display(description="begun", ordering="created_at")
    def begun(self, operation: Operation) -> SafeString | str:
        """Return when it was asked for."""
        return moment(operation.created_at)

    @display(description="ended", ordering="finished_at")
    def ended(self, operation: Operation) -> SafeString | str:
        """Return when it ended."""
        return moment(operation.finished_at, "—")


@admin.register(DesiredRevision)
class DesiredRevisionAdmin(ReadOnlyAdmin):
    """What was wanted of instances, from one change to the next."""

    empty = Empty("Nothing is on record", "Every change of what is wanted of an instance is.")
    list_display = ["instance", "number", "at", "who", "action", "comment"]
    list_filter = ["action"]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "who", "comment"]
    date_hierarchy = "at"
    fields = ["instance", "number", "at", "who", "action", "comment", "shown_state", "digest"]

    @display(description="state")
    def shown_state(self, revision: DesiredRevision) -> str:
        """Return what was wanted, without keys that stand in clear in an address."""
        return json.dumps(redacted(revision.state), indent=2)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who changed what, from what to what."""

    empty = Empty("Nothing was done yet", "Whatever is changed by anybody is put on record here.")
    list_display = ["at", "who", "action", "object"]
    list_filter = ["action"]
    search_fields = ["who", "object", "operation_id"]
    date_hierarchy = "at"
