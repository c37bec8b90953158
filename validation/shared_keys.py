"""Signing keys shared between processes through Django's cache: one reads, all others benefit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, TypeVar

from django.core import signing
from django.core.cache.backends.base import BaseCache

from validation.cache_errors import CacheErrorsLogged
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import Timing
from validation.keys.key_set import NO_KEYS, NO_MISS, KeySet, Miss
from validation.rate_limited_log import RateLimitedLog

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

# Write access to the cache must not be enough to add a signing key.
_SALT: Final = "validation.shared_keys"
# A reading is over by then, whether or not its process still runs.
_READING_SECONDS: Final = 20
_POLL_SECONDS: Final = 0.05
# Readings by other processes to wait for, before this process reads the issuer itself.
_WAITS: Final = 2


class SharedKeys:
    """A `Fetch` for key rings that reads the cache first and then the issuer.

    `read` reads the issuer's keys. Where another process is reading, its result is awaited. A cache
    that fails counts as empty: each process then reads the issuer itself.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, SigningKey]],
        cache: BaseCache,
        *,
        issuer: str,
        timing: Timing,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read: Final = read
        self._cache: Final = cache
        self._timing: Final = timing
        self._clock: Final = clock
        self._pause: Final = pause
        # Unauthenticated requests can cause a look at the cache each second.
        self._log: Final = RateLimitedLog(logger)
        name = sha256(issuer.encode()).hexdigest()[:32]
        self._keys_name: Final = f"validation.keys.key_ring.{name}"
        self._reading_name: Final = f"validation.reading.{name}"

    def __call__(self, held: KeySet, requested: str | None) -> KeySet:
        """Return keys that another process shared since, or read the issuer and share them."""
        # Of the processes that waited for a reading without changes, one reads and the others wait.
        for _ in range(_WAITS + 1):
            published = self.published()
            if self._is_newer(published, held, requested):
                return published
            if self._try(lambda: self._cache.add(self._reading_name, 1, _READING_SECONDS), True):
                return self._read_alone(held, requested)
            self._await_other_reading()
        return self._fresh(self.published(), held, requested)

    def published(self) -> KeySet:
        """Return the set that processes last shared, without reading the issuer."""
        value = self._try(lambda: self._cache.get(self._keys_name), None)
        if value is None:
            return NO_KEYS
        try:
            return KeySet.from_json(signing.loads(value, salt=_SALT))
        except (signing.BadSignature, AttributeError, KeyError, TypeError, ValueError):
            self._log.write(
                "foreign", "The shared signing keys were not signed here; reading the issuer's."
            )
            return NO_KEYS

    def _is_newer(self, published: KeySet, held: KeySet, requested: str | None) -> bool:
        now = self._clock()
        if requested is None:
            is_young = now - published.read_at < self._timing.refresh / 2
            return is_young and published.read_at > held.read_at
        # For all processes together: the pacing, and the back-off of the last unknown key ID.
        miss = published.last_miss
        back_off = miss.back_off if miss.kid == requested else 0.0
        is_early = now - miss.at < max(self._timing.pacing, back_off)
        return requested in published.keys or is_early

    def _read_alone(self, held: KeySet, requested: str | None) -> KeySet:
        try:
            # Another process may have finished just before.
            published = self.published()
            if self._is_newer(published, held, requested):
                return published
            return self._fresh(published, held, requested)
        finally:
            self._try(lambda: self._cache.delete(self._reading_name), False)

    def _fresh(self, published: KeySet, held: KeySet, requested: str | None) -> KeySet:
        keys = self._read()
        now, last_miss = self._clock(), NO_MISS
        # Only a reading that misses delays the next one; the first reading never counts as a miss.
        if requested is not None and requested not in keys and (published.keys or held.keys):
            last_miss = self._miss(requested, now, max(published.last_miss, held.last_miss))
        read = KeySet.read(keys, now=now, last_miss=last_miss)
        joined = published.joined(read, keep_seconds=self._timing.keep)
        value = signing.dumps(joined.to_json(), salt=_SALT, compress=True)
        # As long as they are trusted: a process that starts during an outage has no other keys.
        self._try(lambda: self._cache.set(self._keys_name, value, self._timing.outage), None)
        return joined

    def _miss(self, kid: str, now: float, before: Miss) -> Miss:
        """Return the miss of this key ID after the miss `before`.

        The back-off doubles if both are of the same key ID, unless the other was long ago.
        """
        longest = self._timing.longest_back_off
        is_repeated = before.kid == kid and now - before.at <= 2 * longest
        back_off = 2 * before.back_off if is_repeated else self._timing.back_off
        return Miss(now, kid, min(back_off, longest))

    def _await_other_reading(self) -> None:
        """Wait until the other process's reading has ended, or should have."""
        for _ in range(int(_READING_SECONDS / _POLL_SECONDS)):
            if self._try(lambda: self._cache.get(self._reading_name), None) is None:
                break
            self._pause(_POLL_SECONDS)

    def _try(self, use: Callable[[], _T], otherwise: _T) -> _T:
        with CacheErrorsLogged(self._log, "The cache failed (%s): keys are not shared."):
            return use()
        return otherwise
