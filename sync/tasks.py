"""What Celery runs. Both may be lost, repeated or late without harm."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from sync import operations, waking


@shared_task(name=waking.ADVANCE)
def advance(operation_id: str) -> None:
    """Do one stage of an operation, and ask for the next at its time."""
    due_at = operations.advance(UUID(operation_id))
    if due_at is not None:
        seconds = (due_at - timezone.now()).total_seconds()
        waking.wake(UUID(operation_id), seconds=seconds)


@shared_task(name="sync.tasks.wake_due_operations")
def wake_due_operations() -> None:
    """Wake what is due and was not woken: lost messages, and what a dead worker held."""
    waking.wake_due(timezone.now())
