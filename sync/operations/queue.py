"""Enqueueing operations. The queue may lose or repeat a message: the row decides."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sync.models import Operation
from sync.operations.publisher import publish

log = logging.getLogger(__name__)

RUN_STAGE: Final = "sync.operations.tasks.run_stage"
REFRESH: Final = "sync.operations.tasks.refresh_subscription"
# So that a queue that is processed slowly does not fill up with duplicates.
ENQUEUE_AGAIN_AFTER: Final = timedelta(seconds=30)


def enqueue(operation_id: UUID, *, seconds: float = 0) -> None:
    """Enqueue the next stage of an operation, to run in that many seconds.

    If the queue cannot be reached, that is logged, and a later tick enqueues the operation.
    """
    try:
        publish(RUN_STAGE, [str(operation_id)], countdown=max(seconds, 0))
    except Exception as error:  # noqa: BLE001  each broker's client raises its own
        log.warning("The queue did not take operation %s: %s", operation_id, error)


def enqueue_refreshes(subscription_ids: Iterable[UUID]) -> None:
    """Enqueue a refresh of these subscriptions. The schedule makes up for a lost message."""
    for subscription_id in subscription_ids:
        try:
            publish(REFRESH, [str(subscription_id)])
        except Exception as error:  # noqa: BLE001  each broker's client raises its own
            log.warning("The queue did not take a refresh of %s: %s", subscription_id, error)


def enqueue_due(now: datetime) -> int:
    """Enqueue every due operation that was not enqueued recently; return how many."""
    rows = Operation.objects.due(now).not_enqueued_since(now - ENQUEUE_AGAIN_AFTER)
    operation_ids = list(rows.values_list("pk", flat=True))
    Operation.objects.filter(pk__in=operation_ids).update(enqueued_at=now)
    for operation_id in operation_ids:
        enqueue(operation_id)
    return len(operation_ids)
