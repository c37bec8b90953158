"""What Celery runs. Each may be lost, repeated or late without harm."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from sync.operations import lifecycle, queue, schedule


@shared_task(name=queue.ADVANCE)
def advance(operation_id: str) -> None:
    """Do one stage of an operation, and ask for the next at its time."""
    due_at = lifecycle.advance(UUID(operation_id))
    if due_at is not None:
        seconds = (due_at - timezone.now()).total_seconds()
        queue.wake(UUID(operation_id), seconds=seconds)


@shared_task(name="sync.operations.tasks.wake_due_operations")
def wake_due_operations() -> None:
    """Wake what is due and was not woken: lost messages, and what a dead worker held."""
    queue.wake_due(timezone.now())


@shared_task(name="sync.operations.tasks.refresh_fleet")
def refresh_fleet() -> None:
    """Ask for a refresh of each subscription, spread over the jitter."""
    for subscription_id, seconds in schedule.due_refreshes().items():
        refresh_subscription.apply_async((str(subscription_id),), countdown=seconds)


@shared_task(name=queue.REFRESH)
def refresh_subscription(subscription_id: str) -> None:
    """Read a subscription's instances and count how they stand."""
    schedule.refresh_and_count(UUID(subscription_id))


@shared_task(name="sync.operations.tasks.check_secrets")
def check_secrets() -> None:
    """Ask after the secrets that templates name."""
    schedule.check_secrets()


@shared_task(name="sync.operations.tasks.expire")
def expire() -> None:
    """Delete rows that are too old."""
    schedule.expire()
