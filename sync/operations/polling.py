"""Polling of a long-running change in Azure: how often, how long, and what a failure means."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from arm.async_operations import Progress
from arm.errors import ArmError, NotFound, OperationFailed
from sync.azure_client import arm_client
from sync.inventory.refresh import refresh
from sync.models import OperationStep
from sync.operations.claims import Claim
from sync.operations.retries import StageError

# Azure takes 20 to 94 seconds for a write; one that takes this long does not end.
LONGEST_WAIT: Final = timedelta(hours=1)


def poll(claim: Claim, step: OperationStep) -> Progress:
    """Ask Azure once whether it has finished the step. Raises ArmError and StageError."""
    operation = claim.operation
    try:
        return arm_client(operation.instance.subscription_id).poll(operation.continuation)
    except NotFound as error:
        # ARM deletes operations after a while. The instance itself shows how this one ended.
        step.state = step.State.SENDING
        claim.record(step, continuation="")
        raise StageError(error.code, str(error), is_transient=True) from error
    except OperationFailed:
        with suppress(ArmError):
            refresh(operation.instance)
        raise


def next_poll(claim: Claim, retry_after: float | None = None) -> datetime:
    """Return when to ask next; `retry_after` is the number of seconds that Azure asks for."""
    seconds = settings.SIGNALMAN_POLL_SECONDS if retry_after is None else retry_after
    return claim.now + timedelta(seconds=seconds)


def wait(
    claim: Claim, waiting_for: str, *, due_at: datetime | None = None, **values: Any
) -> datetime:
    """Release the operation while Azure works. Raises StageError if that takes too long."""
    if claim.now - _stage_start(claim) > LONGEST_WAIT:
        raise StageError(
            "TimedOut",
            f"Azure has not finished within {LONGEST_WAIT.total_seconds() / 60:.0f} minutes, but "
            "still may: check the instance in Azure, refresh it, then plan again.",
        )
    return claim.release(due_at=due_at or next_poll(claim), waiting_for=waiting_for, **values)


def _stage_start(claim: Claim) -> datetime:
    """Return when the current step began, or the stage after the last step."""
    step = claim.current_step
    ended = (each.finished_at for each in claim.steps)
    times = (claim.operation.started_at, step and step.started_at, *ended)
    return max((time for time in times if time), default=claim.now)
