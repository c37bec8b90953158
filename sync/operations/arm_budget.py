"""Client-side rate limits: when many instances are applied at once, each waits for its turn.

ARM answers 429 to requests above its limits and counts those too. Its limit is a token bucket for
each subscription and credential.
Source: learn.microsoft.com/azure/azure-resource-manager, "Understand how Azure Resource Manager
throttles requests": 250 reads at once and 25 more each second, 200 writes and 10. A poll is a read.

Each write is preceded by one read. As many reads as writes are set aside for these, and polls share
the others. Polls therefore never delay a write: where many operations run, each is polled less
often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from sync.models import RequestBudget

# A reservation further ahead than this means that the clock was set back.
_LONGEST: Final = timedelta(hours=1)
# The largest part of the reads that is set aside for writes, where few reads are configured.
_SET_ASIDE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Budget:
    """The size of a token bucket, and the tokens added per second."""

    size: float
    per_second: float


def turn(booked: float, now: float, budget: Budget, requests: int = 1) -> tuple[float, float]:
    """Return when the next requests may be sent, and the new value of `booked`.

    Times are seconds of one clock. `booked`, at first 0, is the time until which the requests so
    far use up the budget at its steady rate.
    """
    interval = 1 / budget.per_second
    booked = max(booked, now) + requests * interval
    return max(now, booked - budget.size * interval), booked


def shares(writes: Budget, reads: Budget) -> tuple[Budget, Budget]:
    """Return the budget of writes, each with the read before it, and that of all other reads."""
    size = min(writes.size, _SET_ASIDE * reads.size)
    per_second = min(writes.per_second, _SET_ASIDE * reads.per_second)
    others = Budget(max(reads.size - size, 1), reads.per_second - per_second)
    return Budget(max(size, 1), per_second), others


def book_write(subscription_id: UUID, now: datetime) -> datetime:
    """Reserve a write to that subscription and the read before it; return when they may be sent."""
    writes, _ = shares(*_configured())
    return _book(f"writes:{subscription_id}", now, writes, 1)


def book_reads(subscription_id: UUID, now: datetime, number: int) -> datetime:
    """Reserve that many other reads of a subscription, and return when they may be sent."""
    _, reads = shares(*_configured())
    return _book(f"reads:{subscription_id}", now, reads, number)


def _configured() -> tuple[Budget, Budget]:
    return (
        Budget(settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND),
        Budget(settings.SIGNALMAN_READ_BURST, settings.SIGNALMAN_READS_PER_SECOND),
    )


def _book(key: str, now: datetime, budget: Budget, number: int) -> datetime:
    """Reserve requests, and return when they may be sent.

    In the database, which every process that sends requests uses: a cache may be one for each
    process, and has no atomic operation that takes the later of two times.
    """
    with RequestBudget.objects.locked(key) as row:
        limit = (now + _LONGEST).timestamp()
        booked = 0.0 if row.booked > limit else row.booked
        at, row.booked = turn(booked, now.timestamp(), budget, number)
    return max(now, datetime.fromtimestamp(at, tz=now.tzinfo))
