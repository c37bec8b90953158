"""Client-side rate limits: when many instances are applied at once, each waits for its turn.

ARM answers 429 to requests above its limits and counts those too. Its limit is a token bucket for
each subscription and credential.
Source: learn.microsoft.com/azure/azure-resource-manager, "Understand how Azure Resource Manager
throttles requests": 250 reads at once and 25 more each second, 200 writes and 10. A poll is a read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from validation.cache_errors import CacheErrorsLogged
from validation.rate_limited_log import RateLimitedLog

# A reservation further ahead than this means that the clock was set back.
_LONGEST: Final = timedelta(hours=1)

# How long a cache that failed is not used again.
_CACHE_PAUSE_SECONDS: Final = 5.0
_UNAVAILABLE: Final = (
    "The cache cannot be used (%s): requests to Azure are paced by this process alone."
)

T = TypeVar("T")

log = RateLimitedLog(logging.getLogger(__name__))
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

    Kept in the cache: processes without a shared cache have a budget each, and so has every process
    while the cache is unavailable. Two processes may reserve the same turn: Azure may return 429.
    """
    with _lock:
        booked = _bookings.get(key)
        if booked > (now + _LONGEST).timestamp():
            booked = 0.0
        at, booked = turn(booked, now.timestamp(), budget, number)
        _bookings.set(key, booked)
    return max(now, datetime.fromtimestamp(at, tz=now.tzinfo))


class _Bookings:
    """The bookings in the cache, or those of this process while the cache is unavailable."""

    def __init__(self) -> None:
        self._own: dict[str, float] = {}
        self._paused_until = 0.0

    def get(self, key: str) -> float:
        own = self._own.get(key, 0.0)
        return self._try(lambda: float(cache.get(key, 0.0)), own)

    def set(self, key: str, booked: float) -> None:
        self._own[key] = booked
        self._try(lambda: cache.set(key, booked, timeout=_LONGEST.total_seconds()), None)

    def forget(self) -> None:
        """Forget what this process booked, and use the cache again."""
        self._own.clear()
        self._paused_until = 0.0

    def _try(self, use: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < self._paused_until:
            return otherwise
        with CacheErrorsLogged(log, _UNAVAILABLE):
            return use()
        # A cache that hangs would delay every stage twice.
        self._paused_until = time.monotonic() + _CACHE_PAUSE_SECONDS
        return otherwise


_bookings: Final = _Bookings()
forget: Final = _bookings.forget
