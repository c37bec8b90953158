"""The page of one operation: its progress, what it waits for and its result."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from portal.auto_refresh import AutoRefreshPage
from portal.diff import stored_changes
from portal.navigation import azure_portal_link
from portal.page import PortalPage, who
from sync.errors import OperationFinished
from sync.models import Operation, OperationStep
from sync.operations.cancel import cancel
from sync.operations.json_output import operation_document
from sync.operations.retries import MAX_ATTEMPTS
from sync.planning.errors import UnreadablePlan
from sync.planning.plan import Plan


class OperationPage(AutoRefreshPage):
    """An operation; the page refreshes until it has finished."""

    template_name = "portal/operation/page.html"
    fragment_name = "portal/operation/status.html"
    permission_required = "sync.view_operation"
    permission_to_change = "sync.change_operation"

    @cached_property
    def operation(self) -> Operation:
        """Return the operation in the URL. Raises Http404."""
        rows = Operation.objects.select_related("instance__subscription").prefetch_related("steps")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return the kind of the operation and its instance."""
        return str(self.operation)

    @property
    def version(self) -> str:
        """Return a digest of the operation as shown."""
        return version_of(self.operation)

    @property
    def is_final(self) -> bool:
        """Return whether the operation has finished."""
        return self.operation.is_finished

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the operation and its steps."""
        operation = self.operation
        steps = list(operation.steps.all())
        return super().get_context_data(
            operation=operation,
            instance=operation.instance,
            steps=[(step, stored_changes(step.changes)) for step in steps],
            done=sum(step.state == OperationStep.State.DONE for step in steps),
            total=len(steps),
            max_attempts=MAX_ATTEMPTS,
            warnings=_warnings(operation),
            azure_portal_link=azure_portal_link(operation.instance),
            **kwargs,
        )


class CancelOperation(PortalPage):
    """Cancel an operation before its next step."""

    http_method_names = ["post"]
    permission_required = "sync.view_operation"
    permission_to_change = "sync.change_operation"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Cancel the operation and redirect to its page."""
        operation = get_object_or_404(Operation, pk=self.kwargs["pk"])
        try:
            cancel(operation, who=who(request))
        except OperationFinished as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _cancelled(operation))
        return HttpResponseRedirect(reverse("portal:operation", args=[operation.pk]))


def version_of(operation: Operation) -> str:
    """Return a digest that changes with whatever pages show of `operation`."""
    shown = [operation_document(operation), operation.cancel_requested]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _cancelled(operation: Operation) -> str:
    if operation.is_finished:
        return "The operation was cancelled. Nothing was written."
    return (
        "The operation will stop before its next step. A step that has started is finished first."
    )


def _warnings(operation: Operation) -> dict[int, tuple[str, ...]]:
    """Return the warnings of each step, by its position."""
    try:
        plan: Plan = operation.read_plan()
    except UnreadablePlan:
        return {}
    return {position: step.warnings for position, step in enumerate(plan.steps)}
