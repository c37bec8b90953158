"""Filters of Django's lines about requests that it rejects, and of Celery's about failed tasks."""

from __future__ import annotations

import logging
from typing import Final

from observability.database_outages import log_outage, outage_of
from validation.rate_limited_log import RateLimitedLog

# Server errors keep their tracebacks, however many there are. 503 is the answer to an outage, which
# is logged where it is noticed, and every request of the outage gets it.
_SERVER_ERROR: Final = 500
_UNAVAILABLE: Final = 503


class RejectedRequests(logging.Filter):
    """Keeps one line for each request that was rejected or met an outage: ten a minute.

    It has no traceback.

    For the loggers `django.security.*` and `django.request`, which both write lines about one
    request. Any client can cause them: by an unknown `Host`, or a form without its CSRF token.
    A logger that was configured twice has two of these filters: they decide once for a record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to keep the line."""
        status = getattr(record, "status_code", 400)
        if status >= _SERVER_ERROR and status != _UNAVAILABLE:
            return True
        if "is_kept" not in record.__dict__:
            record.__dict__["is_kept"] = _is_kept(record, status)
            record.exc_info = None
        return bool(record.__dict__["is_kept"])


class DatabaseOutages(logging.Filter):
    """Replaces the tracebacks of tasks that met an outage of the database by ten lines a minute."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is about something else."""
        error = record.exc_info[1] if record.exc_info else None
        outage = outage_of(error)
        if outage is None:
            return True
        log_outage(outage, error)
        return False


def _is_kept(record: logging.LogRecord, status: int) -> bool:
    request = getattr(record, "request", None)
    if getattr(request, "has_rejection_line", False):
        return False
    if request is not None:
        request.has_rejection_line = True
    return _limits.admit(f"{record.name} {status}") is not None


_limits = RateLimitedLog(logging.getLogger(__name__))
