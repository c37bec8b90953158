"""Deletion of deliveries and counts that are older than they are kept.

Deletion keeps up with insertion: a run deletes until nothing is too old, or until its time is over,
and the next run continues a minute later. It deletes in short transactions whose size follows from
how long the last one took, and rests as long between them, so that receivers can write.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, models
from django.db.models import Min
from django.utils import timezone

from observability.counters import counters
from observability.health import Degraded
from upstreams.models import Delivery, DeliveryCount, DeliveryHour, RefusalHour
from upstreams.receiver.configuration import Configuration, configuration

log = logging.getLogger(__name__)

DELETED: Final = "expired_rows_deleted"
# Of a run: the schedule starts one every minute.
_RUN_SECONDS: Final = 40.0
# Of a transaction: what others may have to wait for it, at most about twice as long.
_BATCH_SECONDS: Final = 0.1
_FIRST_BATCH: Final = 1_000
_SMALLEST_BATCH: Final = 100
_LARGEST_BATCH: Final = 50_000
# The dashboard counts the refusals of the current and the previous hour.
_REFUSAL_DAYS: Final = 2
# Rows that are too old for longer are reported.
_LATE: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Table:
    """Rows that are kept for some days: those of a model by one of its fields."""

    name: str
    model: type[models.Model]
    field: str
    days: Callable[[Configuration], int]

    def cutoff(self, now: datetime) -> datetime:
        """Return the moment before which rows are too old."""
        return now - timedelta(days=self.days(configuration()))

    def lag(self, now: datetime) -> timedelta:
        """Return for how long the oldest row has been too old. Raises DatabaseError."""
        oldest = self._rows.order_by().aggregate(oldest=Min(self.field))["oldest"]
        return timedelta() if oldest is None else max(timedelta(), self.cutoff(now) - oldest)

    def delete(self, now: datetime, number: int) -> int:
        """Delete at most `number` rows that are too old; return how many. Raises DatabaseError."""
        deleted: int = self._rows.delete_before(self.cutoff(now), number)
        return deleted

    @property
    def _rows(self) -> Any:
        return self.model._default_manager  # noqa: SLF001  Django's API


TABLES: Final = (
    Table("deliveries", Delivery, "received_at", lambda found: found.delivery_days),
    Table("counts", DeliveryCount, "minute", lambda found: found.count_days),
    Table("hours", DeliveryHour, "hour", lambda found: found.count_days),
    Table("refusals", RefusalHour, "hour", lambda _found: _REFUSAL_DAYS),
)


class _Batches:
    """Deletes from one table, in batches that take about as long as they should."""

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock
        self._size = _FIRST_BATCH
        self.seconds = 0.0

    def delete(self, now: datetime) -> int:
        began = self._clock()
        number = self._table.delete(now, self._size)
        self.seconds = self._clock() - began
        if self.seconds > _BATCH_SECONDS:
            self._size = max(self._size // 2, _SMALLEST_BATCH)
        elif self.seconds < _BATCH_SECONDS / 2:
            self._size = min(self._size * 2, _LARGEST_BATCH)
        return number


def delete_expired(
    now: datetime | None = None,
    *,
    seconds: float = _RUN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> Mapping[str, int]:
    """Delete what is too old, for at most about `seconds`; return the number of rows by table.

    Every table gets its turn, however far another is behind. Raises DatabaseError.
    """
    now = now or timezone.now()
    end = clock() + seconds
    deleted = {table.name: 0 for table in TABLES}
    remaining = {table.name: _Batches(table, clock) for table in TABLES}
    while remaining:
        for name, batches in list(remaining.items()):
            number = batches.delete(now)
            deleted[name] += number
            counters.add(DELETED, name, by=number)
            if not number:
                del remaining[name]
            elif clock() >= end:
                return deleted
            else:
                rest(min(batches.seconds, _BATCH_SECONDS))
    return deleted


def lags(now: datetime) -> Mapping[str, timedelta]:
    """Return for how long the oldest row of each table has been too old. Raises DatabaseError."""
    return {table.name: table.lag(now) for table in TABLES}


def expire(now: datetime | None = None) -> None:
    """Delete what is too old, and log a warning where that falls behind. Raises DatabaseError."""
    now = now or timezone.now()
    deleted = delete_expired(now)
    if late := _late(now):
        log.warning("%s Rows deleted in this run: %s.", late, f"{sum(deleted.values()):,}")


def check_retention() -> str:
    """Return what is wrong with the deletion of old rows; a readiness check of the worker."""
    try:
        late = _late(timezone.now())
    except DatabaseError:
        return Degraded("The age of deliveries cannot be read: the database does not respond.")
    return Degraded(late) if late else ""


def _late(now: datetime) -> str:
    """Return which tables have rows that have been too old for long; empty if none has."""
    late = {name: lag for name, lag in lags(now).items() if lag > _LATE}
    if not late:
        return ""
    listed = ", ".join(f"{name} by {lag / timedelta(hours=1):.0f} h" for name, lag in late.items())
    return f"Old deliveries are deleted too late: {listed}."
