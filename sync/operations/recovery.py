"""Releasing a claim whose stage ended with an error that no stage expects.

No worker died, so the operation should not wait for the end of the lease: it is retried as soon as
the database takes the release.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Final

from django.db import Error as DatabaseProblem
from django.db import connections

from observability.database_outages import outage_of
from sync.operations.claims import Claim
from sync.operations.retries import StageError, fail_stage

log = logging.getLogger(__name__)

# Between two attempts to write the release while the database is unavailable.
_PAUSE_SECONDS: Final = 1.0


def release_failed(claim: Claim, error: BaseException) -> datetime | None:
    """Release the operation for a retry, or end it as failed after the last attempt.

    Returns when the retry is due. While the database is unavailable, the worker waits here: it has
    no other work without it. Raises ClaimLost, and the database's error if it stays unavailable
    until the lease has ended; then any worker may claim the operation.
    """
    failure = _describe(claim, error)
    while True:
        try:
            _close_unusable_connections()
            # The rows as they are stored: the stage may have been about to write others.
            return fail_stage(claim.reread(), failure)
        except DatabaseProblem:
            if time.monotonic() + _PAUSE_SECONDS >= claim.expires:
                raise
            time.sleep(_PAUSE_SECONDS)


def _close_unusable_connections() -> None:
    """Close what cannot be used, as Django does after a request."""
    for connection in connections.all(initialized_only=True):
        # Within a transaction Django takes any connection for one that was left in a wrong state.
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _describe(claim: Claim, error: BaseException) -> StageError:
    """Log the error; return it without its text, which may quote a secret."""
    kind = type(error).__name__
    if (outage := outage_of(error)) is not None:
        problem = "was read-only" if outage.is_read_only else "did not respond"
        log.warning("Operation %s: the database %s (%s).", claim.operation.pk, problem, kind)
        return StageError("DatabaseUnavailable", f"The database {problem}.", is_transient=True)
    log.error("Operation %s: a stage failed.", claim.operation.pk, exc_info=error)
    message = f"An unexpected error ({kind}). The worker's log has the details."
    return StageError("InternalError", message, is_transient=True)
