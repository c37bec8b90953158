"""Enqueueing of stages and refreshes. Each message may be lost or repeated: rows decide."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sync.models import Operation
from sync.operations.task_publisher import publish
from validation.rate_limited_log import RateLimitedLog

# An apply of a fleet publishes hundreds of messages.
log: Final = RateLimitedLog(logging.getLogger(__name__))

RUN_STAGE: Final = "sync.operations.tasks.run_stage"
REFRESH: Final = "sync.operations.tasks.refresh_subscription"
# So that a queue that is processed slowly does not fill up with duplicates.
ENQUEUE_AGAIN_AFTER: Final = timedelta(seconds=30)


def enqueue(operation_id: UUID, *, seconds: float = 0) -> None:
    """Enqueue the next stage of an operation, to run in that many seconds.

    If the queue cannot be reached, that is logged, and the scheduled task enqueues it later.
    """
    _publish(f"operation {operation_id}", RUN_STAGE, operation_id, countdown=max(seconds, 0))


def enqueue_all(operation_ids: Iterable[UUID]) -> None:
    """Enqueue the next stage of many operations."""
    for operation_id in operation_ids:
        enqueue(operation_id)


def enqueue_refreshes(subscription_ids: Iterable[UUID]) -> None:
    """Enqueue a refresh of these subscriptions. The schedule makes up for a lost message."""
    for subscription_id in subscription_ids:
        _publish(f"a refresh of {subscription_id}", REFRESH, subscription_id)


def enqueue_due(now: datetime) -> int:
    """Enqueue every due operation that was not enqueued recently; return how many."""
    due = Operation.objects.due(now)
    rows = due.not_enqueued_since(now - ENQUEUE_AGAIN_AFTER)
    if not rows.exists():
        # Without a write, for which SQLite has one lock.
        return 0
    # Marked first: a worker that claims one of them removes the mark, and its operation must not
    # get it back. If that worker is lost, it would wait for the next time.
    rows.update(enqueued_at=now)
    operation_ids = list(due.filter(enqueued_at=now).values_list("pk", flat=True))
    for operation_id in operation_ids:
        enqueue(operation_id)
    return len(operation_ids)


def _publish(what: str, task: str, key: UUID, **options: Any) -> None:
    try:
        publish(task, [str(key)], **options)
    except Exception as error:  # noqa: BLE001  each broker's client raises its own
        log.write("queue", "The queue did not take %s: %s", what, error)
