"""Cancelling operations."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from sync.errors import OperationFinished
from sync.models import Operation
from sync.operations.claims import redacted_plan
from sync.record_audit import record_event


def cancel(operation: Operation, *, who: str) -> None:
    """Stop an operation before its next step. A step that was sent is completed first.

    Raises OperationFinished if it has ended, or has nothing left to write.
    """
    with transaction.atomic():
        unfinished = Operation.objects.unfinished().filter(pk=operation.pk)
        now = timezone.now()
        stopped = unfinished.filter(state=Operation.State.QUEUED).update(
            state=Operation.State.CANCELLED,
            finished_at=now,
            waiting_for="",
            due_at=None,
            plan=redacted_plan(operation),
        )
        if not stopped and not unfinished.update(cancel_requested=True):
            raise OperationFinished(
                f"Operation {operation.pk} cannot be cancelled. It has ended, or has nothing left "
                "to write."
            )
        record_event(operation, f"cancel {operation.kind}", who=who)
    operation.refresh_from_db()
