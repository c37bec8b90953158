"""Putting an operation on the queue. The queue may lose or repeat it: the row decides."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kombu.exceptions import KombuError

from sync.models import Operation
from sync.operations.publishing import publish

log = logging.getLogger(__name__)

ADVANCE: Final = "sync.operations.tasks.advance"
REFRESH: Final = "sync.operations.tasks.refresh_subscription"
# So that a queue that is slow to empty does not fill up with repetitions.
WAKE_AGAIN_AFTER: Final = timedelta(seconds=30)


def wake(operation_id: UUID, *, seconds: float = 0) -> None:
    """Ask a worker to go on with an operation in that many seconds.

    Where the queue cannot be reached, the log says so, and a later tick wakes the operation.
    """
    try:
        publish(ADVANCE, [str(operation_id)], countdown=max(seconds, 0))
    except (KombuError, OSError) as error:
        log.warning("The queue did not take operation %s: %s", operation_id, error)


def ask_for_refresh(subscription_ids: Iterable[UUID]) -> None:
    """Ask a worker to read these subscriptions now; a message that is lost is made good on time."""
    for subscription_id in subscription_ids:
        try:
            publish(REFRESH, [str(subscription_id)])
        except (KombuError, OSError) as error:
            log.warning("The queue did not take a refresh of %s: %s", subscription_id, error)


def wake_due(now: datetime) -> int:
    """Wake every due operation that was not woken lately, and return how many."""
    asleep = list(
        Operation.objects.asleep(now, since=WAKE_AGAIN_AFTER).values_list("pk", flat=True)
    )
    Operation.objects.filter(pk__in=asleep).update(woken_at=now)
    for operation_id in asleep:
        wake(operation_id)
    return len(asleep)
