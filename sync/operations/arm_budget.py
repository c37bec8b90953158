"""Requests within ARM's budget: when many instances are applied at once, each waits for its turn.

ARM refuses what comes too fast with 429 and takes that, too, off the budget. The budget is a token
bucket for each subscription and credential.
Source: learn.microsoft.com/azure/azure-resource-manager, "Understand how Azure Resource Manager
throttles requests": 250 reads at once and 25 more each second, 200 writes and 10. A poll is a read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

# A booking further ahead than this is a clock that was put back.
_LONGEST: Final = timedelta(hours=1)

_lock = Lock()


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests at once, and so many more each second."""

    size: int
    per_second: float


def turn(booked: float, now: float, budget: Budget, requests: int = 1) -> tuple[float, float]:
    """Return when the next requests may go, all at once, and what is booked then.

    Times are seconds of one clock. `booked` is the second value of the last answer, at first 0: the
    time until which the requests so far use the budget up at its steady rate.
    """
    interval = 1 / budget.per_second
    booked = max(booked, now) + requests * interval
    return max(now, booked - budget.size * interval), booked


def book_write(subscription_id: UUID, now: datetime) -> datetime:
    """Return when a write to that subscription may go, and take that turn."""
    budget = Budget(settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND)
    return _book(f"sync.operations.arm_budget.{subscription_id}", now, budget, 1)


def book_reads(subscription_id: UUID, now: datetime, number: int) -> datetime:
    """Return when so many reads of that subscription may go at once, and take that turn."""
    budget = Budget(settings.SIGNALMAN_READ_BURST, settings.SIGNALMAN_READS_PER_SECOND)
    return _book(f"sync.operations.arm_budget.reads.{subscription_id}", now, budget, number)


def _book(key: str, now: datetime, budget: Budget, number: int) -> datetime:
    """Take a turn, and return when it comes.

    Kept in the cache: processes that share none have a budget each, and two processes at the same
    moment may take one turn. Azure's 429 is for what is left of that.
    """
    with _lock:
        booked = cache.get(key, 0.0)
        if booked > (now + _LONGEST).timestamp():
            booked = 0.0
        at, booked = turn(booked, now.timestamp(), budget, number)
        cache.set(key, booked, timeout=_LONGEST.total_seconds())
    return max(now, datetime.fromtimestamp(at, tz=now.tzinfo))
