"""What follows a stage that failed: a retry after a delay, or the end of the operation."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, Final

from django.db import transaction

from arm.errors import ArmError
from sync.models import Operation, OperationStep
from sync.operations.claims import Claim
from upstreams.url_templates.redaction import redact

log = logging.getLogger(__name__)

# With the delays below, about ten minutes.
MAX_ATTEMPTS: Final = 10
FIRST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 120.0
# The random part of the delay, so that operations that failed together are not retried together.
JITTER: Final = 0.5

_random = SystemRandom()


class StageError(Exception):
    """A stage failed. `code` and the message say why; `is_transient` if a retry may succeed."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        is_transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        # Azure's message may quote the refused value.
        super().__init__(redact(message))
        self.code = code
        self.is_transient = is_transient
        self.retry_after = retry_after

    @classmethod
    def from_arm(cls, error: ArmError) -> StageError:
        """Return Azure's error with its code and message."""
        return cls(
            error.code or type(error).__name__,
            str(error),
            is_transient=error.is_transient,
            retry_after=error.retry_after,
        )


def fail_stage(claim: Claim, error: StageError) -> datetime | None:
    """Retry the stage later if that may help; otherwise end the operation as failed."""
    operation, step = claim.operation, claim.current_step
    values: dict[str, Any] = {"error_code": error.code[:128], "error_message": str(error)}
    if error.is_transient and operation.attempt < MAX_ATTEMPTS:
        log.info("Operation %s: attempt %s: %s", operation.pk, operation.attempt, error)
        return claim.release(
            due_at=claim.now + delay_after(operation.attempt, retry_after=error.retry_after),
            waiting_for=f"a retry after {error.code}"[:255],
            attempt=operation.attempt + 1,
            **values,
        )
    _give_up(claim, step, values)
    log.warning("Operation %s on %s failed: %s", operation.pk, operation.instance, error)
    return None


def delay_after(attempt: int, *, retry_after: float | None = None) -> timedelta:
    """Return the delay after that many attempts, the first being 1.

    Never shorter than `retry_after`, in seconds, which Azure specified.
    """
    doubled = min(FIRST_SECONDS * 2.0 ** (min(attempt, 32) - 1), LONGEST_SECONDS)
    seconds = max(doubled, retry_after or 0.0)
    return timedelta(seconds=seconds * (1 + JITTER * _random.random()))


@transaction.atomic
def _give_up(claim: Claim, step: OperationStep | None, values: Mapping[str, Any]) -> None:
    if step is not None and step.state == step.State.SENDING:
        # Azure may have accepted it without an answer, so the audit trail records it.
        claim.audit_write(step, "unconfirmed")
    if step is not None and step.started_at is not None:
        step.state, step.finished_at = step.State.FAILED, claim.now
    claim.finish(Operation.State.FAILED, step, **values)
