"""Outages of the database, as its errors show them: it does not respond, or is read-only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import InterfaceError, OperationalError, transaction

from validation.rate_limited_log import RateLimitedLog

# PostgreSQL's error code read_only_sql_transaction: of a standby, or by its configuration.
_READ_ONLY_STATE: Final = "25006"
_log: Final = RateLimitedLog(logging.getLogger(__name__))


@dataclass(frozen=True, slots=True)
class DatabaseOutage:
    """A message about an outage, and the seconds after which another request is worthwhile."""

    message: str
    retry_seconds: int
    is_read_only: bool = False


AWAY: Final = DatabaseOutage("The database does not respond.", 5)
READ_ONLY: Final = DatabaseOutage(
    "The database is read-only at present, so changes are not possible.", 30, is_read_only=True
)


def outage_of(error: BaseException | None) -> DatabaseOutage | None:
    """Return the outage that an exception is about, if any."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return None
    return READ_ONLY if _is_read_only(error.__cause__) else AWAY


def log_outage(outage: DatabaseOutage, error: BaseException | None) -> None:
    """Log an outage in one line, a few times a minute."""
    # A driver's message may name hosts and users.
    _log.write(outage.message, "%s: %s.", outage.message.removesuffix("."), type(error).__name__)


@contextmanager
def skipped_if_read_only() -> Iterator[None]:
    """Run a block whose writes are of no importance: leave them out where they are refused."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as error:
        if outage_of(error) is not READ_ONLY:
            raise


def _is_read_only(cause: BaseException | None) -> bool:
    state = getattr(cause, "sqlstate", None)
    name = getattr(cause, "sqlite_errorname", None) or ""
    return state == _READ_ONLY_STATE or name.startswith("SQLITE_READONLY")
