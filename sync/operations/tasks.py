"""Celery tasks. Each may be lost, repeated or late without harm."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from sync.operations import enqueue, periodic_jobs, run


@shared_task(name=enqueue.RUN_STAGE)
def run_stage(operation_id: str) -> None:
    """Run one stage of an operation, and enqueue the next one."""
    due_at = run.run_stage(UUID(operation_id))
    if due_at is not None:
        seconds = (due_at - timezone.now()).total_seconds()
        enqueue.enqueue(UUID(operation_id), seconds=seconds)


@shared_task(name="sync.operations.tasks.enqueue_due_operations")
def enqueue_due_operations() -> None:
    """Enqueue due operations whose message was lost or whose worker died."""
    enqueue.enqueue_due(timezone.now())


@shared_task(name="sync.operations.tasks.refresh_fleet")
def refresh_fleet() -> None:
    """Enqueue a refresh of each subscription, spread over the jitter."""
    for subscription_id, seconds in periodic_jobs.due_refreshes().items():
        refresh_subscription.apply_async((str(subscription_id),), countdown=seconds)


@shared_task(name=enqueue.REFRESH)
def refresh_subscription(subscription_id: str) -> None:
    """Refresh a subscription's instances and count their status."""
    periodic_jobs.refresh_and_count(UUID(subscription_id))


@shared_task(name="sync.operations.tasks.check_secrets")
def check_secrets() -> None:
    """Look up the secrets that templates name."""
    periodic_jobs.check_secrets()


@shared_task(name="sync.operations.tasks.expire")
def expire() -> None:
    """Delete rows that are too old."""
    periodic_jobs.expire()
