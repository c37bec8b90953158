"""The portal's pages on operations and on the audit trail: to read, never to edit."""

from __future__ import annotations

import json
from typing import Final

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display

from identities.admin import ReadOnlyAdmin
from sync.errors import UnreadablePlan
from sync.models import AuditEvent, DesiredRevision, Operation, OperationStep
from sync.rendering import render_text
from upstreams.redaction import redacted

_COLOURS: Final[dict[str, str]] = {
    Operation.State.QUEUED: "info",
    Operation.State.RUNNING: "info",
    Operation.State.PROPAGATING: "info",
    Operation.State.SUCCEEDED: "success",
    Operation.State.FAILED: "danger",
    Operation.State.CANCELLED: "warning",
}


class OperationStepInline(TabularInline):
    """How far an operation is."""

    model = OperationStep
    fields = ("position", "title", "state", "started_at", "finished_at")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, _request: HttpRequest, _row: object = None) -> bool:
        """Say no: the plan has the steps."""
        return False


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Work in Azure: what it waits for, and how it ended."""

    list_display = ["instance", "kind", "coloured_state", "standing", "by", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "requested_by_name", "error_code", "error_message"]
    date_hierarchy = "created_at"
    # The fields are named, so that Azure's signed address of a write is on no page.
    fields = [
        "instance",
        "kind",
        "state",
        "standing",
        "shown_plan",
        "by",
        "attempt",
        "due_at",
        "created_at",
        "started_at",
        "finished_at",
        "error_code",
        "error_message",
    ]
    inlines = [OperationStepInline]

    @display(description="state", label=_COLOURS, ordering="state")
    def coloured_state(self, operation: Operation) -> tuple[str, str]:
        """Return the state and its name."""
        return operation.state, operation.get_state_display()

    @display(description="by", ordering="requested_by_name")
    def by(self, operation: Operation) -> str:
        """Return who asked for it."""
        return operation.requested_by_name

    @display(description="plan")
    def shown_plan(self, operation: Operation) -> str:
        """Return the plan in words, or why there are none."""
        try:
            return render_text(operation.read_plan())
        except UnreadablePlan as error:
            return str(error)


@admin.register(DesiredRevision)
class DesiredRevisionAdmin(ReadOnlyAdmin):
    """What was wanted of instances, from one change to the next."""

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

    list_display = ["at", "who", "action", "object"]
    list_filter = ["action"]
    search_fields = ["who", "object", "operation_id"]
    date_hierarchy = "at"
