"""Writes within ARM's budget: when many instances are applied at once, each waits for its turn.

ARM refuses what comes too fast with 429 and takes that, too, off the budget. The budget is a token
bucket for each subscription and credential.
Source: learn.microsoft.com/azure/azure-resource-manager, "Understand how Azure Resource Manager
throttles requests": 200 writes at once, and 10 more each second.
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
    """So many writes at once, and so many more each second."""

    size: int
    per_second: float


def turn(booked: float, now: float, budget: Budget) -> tuple[float, float]:
    """Return when the next write may go, and what is booked then.

    Times are seconds of one clock. `booked` is the second value of the last answer, at first 0: the
    time until which the writes so far use the budget up at its steady rate.
    """
    interval = 1 / budget.per_second
    begin = max(booked, now)
    return max(now, begin - (budget.size - 1) * interval), begin + interval


def book_write(subscription_id: UUID, now: datetime) -> datetime:
    """Return when a write to that subscription may go, and take that turn.

    Kept in the cache: processes that share none have a budget each, and two processes at the same
    moment may take one turn. Azure's 429 is for what is left of that.
    """
    key = f"sync.pacing.{subscription_id}"
    budget = Budget(settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND)
    with _lock:
        booked = cache.get(key, 0.0)
        if booked > (now + _LONGEST).timestamp():
            booked = 0.0
        at, booked = turn(booked, now.timestamp(), budget)
        cache.set(key, booked, timeout=_LONGEST.total_seconds())
    return max(now, datetime.fromtimestamp(at, tz=now.tzinfo))
