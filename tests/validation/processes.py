"""Processes that share keys: for each a ring of its own, and for all one cache."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache

from tests.validation.keys.rings import Clock, Issuer, at_once
from validation.keys.key_ring import KeyRing, Timing
from validation.shared_keys import SharedKeys

TIMING = Timing()


class ClockedCache(LocMemCache):
    """A cache that uses a test's clock and counts its reads."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("shared-keys", {})
        self.clear()
        self.clock = clock
        self.asked = 0
        self.keeps_all = False

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None or self.keeps_all else self.clock() + float(seconds)

    def _has_expired(self, key: str) -> bool:
        ends = vars(self)["_expire_info"].get(key, -1)
        return ends is not None and ends <= self.clock()

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        self.asked += 1
        return super().get(key, default, version)


def shared(issuer: Issuer, cache: BaseCache) -> SharedKeys:
    """Return the reader of one process."""
    return SharedKeys(issuer.read, cache, issuer="entra", timing=TIMING, clock=issuer.clock)


def process(issuer: Issuer, cache: BaseCache) -> KeyRing:
    """Return the key ring of one process."""
    return KeyRing(
        shared(issuer, cache), timing=TIMING, clock=issuer.clock, start=at_once, chance=lambda: 0.5
    )
