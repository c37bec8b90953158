"""Client-side rate limits: when many instances are applied at once, each waits for its turn.

ARM answers 429 to requests above its limits and counts those too. Its limit is a token bucket for
each subscription and credential.
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

# A reservation further ahead than this means that the clock was set back.
_LONGEST: Final = timedelta(hours=1)

_lock = Lock()


@dataclass(frozen=True, slots=True)
class Budget:
    """The size of a token bucket, and the tokens added per second."""

    size: int
    per_second: float


def turn(booked: float, now: float, budget: Budget, requests: int = 1) -> tuple[float, float]:
    """Return when the next requests may be sent, and the new value of `booked`.

    Times are seconds of one clock. `booked`, at first 0, is the time until which the requests so
    far use up the budget at its steady rate.
    """
    interval = 1 / budget.per_second
    booked = max(booked, now) + requests * interval
    return max(now, booked - budget.size * interval), booked


def book_write(subscription_id: UUID, now: datetime) -> datetime:
    """Reserve a write to that subscription, and return when it may be sent."""
    budget = Budget(settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND)
    return _book(f"sync.operations.arm_budget.{subscription_id}", now, budget, 1)


def book_reads(subscription_id: UUID, now: datetime, number: int) -> datetime:
    """Reserve that many reads of a subscription, and return when they may be sent."""
    budget = Budget(settings.SIGNALMAN_READ_BURST, settings.SIGNALMAN_READS_PER_SECOND)
    return _book(f"sync.operations.arm_budget.reads.{subscription_id}", now, budget, number)


def _book(key: str, now: datetime, budget: Budget, number: int) -> datetime:
    """Reserve requests, and return when they may be sent.

    Kept in the cache: processes without a shared cache have a budget each, and two processes may
    reserve the same turn. Azure's 429 covers the rest.
    """
    with _lock:
        booked = cache.get(key, 0.0)
        if booked > (now + _LONGEST).timestamp():
            booked = 0.0
        at, booked = turn(booked, now.timestamp(), budget, number)
        cache.set(key, booked, timeout=_LONGEST.total_seconds())
    return max(now, datetime.fromtimestamp(at, tz=now.tzinfo))
