"""Running one stage of an operation."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from observability import correlation_ids
from sync.operations.apply import run_claimed_stage
from sync.operations.claims import Claim, ClaimLost, claim
from sync.operations.recovery import release_failed

log = logging.getLogger(__name__)


def run_stage(operation_id: UUID, now: datetime | None = None) -> datetime | None:
    """Run one short stage of an operation, if it is due and no other worker owns it.

    Returns when the next stage is due. None if there is nothing to do: the operation has ended, is
    not due yet, or another worker owns it. A stage that raises an error is retried later.
    """
    held = claim(operation_id, now or timezone.now())
    if held is None:
        return None
    with correlation_ids.operation_context(str(operation_id), request=held.operation.request_id):
        try:
            return _run_or_release(held)
        except ClaimLost as lost:
            log.info("%s", lost)
            return None


def _run_or_release(held: Claim) -> datetime | None:
    try:
        return run_claimed_stage(held)
    except ClaimLost:
        raise
    except Exception as error:  # noqa: BLE001  logged and retried: no worker died
        return release_failed(held, error)
    except KeyboardInterrupt as error:
        # Of a command that runs the stages itself: a worker may continue at once.
        release_failed(held, error)
        raise
