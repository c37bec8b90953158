"""The signing keys of one issuer that this process holds, and when the issuer is read again.

The rules are Microsoft's for key rollover (learn.microsoft.com, "Signing key rollover in the
Microsoft identity platform"): keys change at any time, so read hourly and upon an unknown key id,
and keep what is known through errors. Readings for unknown key ids are paced and back off, because
key IDs are easy to forge.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from validation.errors import KeysUnavailable, LocalFault
from validation.keys.jwks import SigningKey
from validation.keys.key_set import NO_KEYS, KeySet
from validation.keys.unknown_key_ids import UnknownKeyIds

logger = logging.getLogger(__name__)

Work = Callable[[], None]


class KeySource(Protocol):
    """The source of signing keys for the checks."""

    def held_key(self, kid: str) -> SigningKey | None:
        """Return the key of that id, or None where it is not held. Never waits.

        Raises KeysUnavailable where no keys are held at all.
        """


class Fetch(Protocol):
    """Reads the issuer's keys."""

    def __call__(self, held: KeySet, requested: str | None) -> KeySet:
        """Return the keys that the issuer publishes. Raises KeysUnavailable.

        `held` is the caller's set, `requested` the unknown key ID that caused the reading.
        The result records the last reading that did not find its key ID, in any process.
        """

    def published(self) -> KeySet:
        """Return the set that processes last shared, however old, without reading the issuer."""


@dataclass(frozen=True)
class Timing:
    """When keys are read and how long they are kept, in seconds."""

    refresh: float = 60 * 60
    # Part of `refresh` by which a regular reading may be early or late: processes spread out.
    jitter: float = 0.1
    # Between two readings for unknown key IDs that find nothing, whichever IDs they are.
    pacing: float = 5
    # After a reading that did not find the key ID, for the same ID; doubles up to the longest.
    back_off: float = 1
    longest_back_off: float = 5 * 60
    # Between two looks at the keys that processes share, where no reading is due.
    look: float = 1
    # After a reading that failed.
    retry: float = 5
    # For a key that the issuer no longer publishes. The longest recorded absence was two days, the
    # median three hours: an absent key that comes back costs one reading.
    keep: float = 24 * 60 * 60
    # Keys that were not confirmed for this long are no longer used.
    outage: float = 7 * 24 * 60 * 60
    # The longest that a request waits for a reading, from when the reading began.
    wait: float = 10
    # A reading that takes longer is abandoned and another may begin. Its requests have time-outs,
    # so this is for a name server that does not answer.
    patience: float = 30


@dataclass(slots=True)
class Reading:
    """A reading or a look in progress, and the callers that wait for it."""

    lane: _Lane
    requested: str | None
    # On the key ring's clock.
    abandoned_at: float
    # On the monotonic clock. All callers wait until the same moment, so that a hanging reading
    # delays each only once.
    wait_until: float
    done: Future[None] = field(default_factory=Future)

    def wait(self) -> None:
        """Wait until it is done, for the time that `Timing` allows."""
        wait_for_futures([self.done], max(0.0, self.wait_until - time.monotonic()))

    async def awaited(self) -> None:
        """Wait as `wait` does, without blocking the event loop."""
        left = self.wait_until - time.monotonic()
        if left > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self.done)), left)


@dataclass(slots=True)
class _Lane:
    """Readings for one purpose: one at a time, and none before it is due."""

    due: float
    reading: Reading | None = None

    def in_progress(self, now: float) -> Reading | None:
        """Return the reading that is in progress and not abandoned."""
        reading = self.reading
        return reading if reading is not None and now < reading.abandoned_at else None

    def is_free(self, now: float) -> bool:
        """Return whether a reading may begin."""
        return now >= self.due and self.in_progress(now) is None


def in_daemon_thread(work: Work) -> None:
    """Start the work in a thread that does not keep the process alive."""
    threading.Thread(target=work, name="signing-keys", daemon=True).start()


class KeyRing:
    """The keys of one issuer. Safe to use from any number of threads.

    A held key is found without waiting. Readings run where `start` runs them: one regular reading
    and one for unknown key ids at a time, so that neither delays the other.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        timing: Timing = Timing(),
        clock: Callable[[], float] = time.time,
        start: Callable[[Work], None] = in_daemon_thread,
        chance: Callable[[], float] = random.random,
        name: str = "",
    ) -> None:
        self._fetch: Final = fetch
        self._timing: Final = timing
        self._clock: Final = clock
        self._start: Final = start
        self._chance: Final = chance
        self._name: Final = name
        # Replaced as a whole and never changed, so that reading it needs no lock.
        self._held = NO_KEYS
        self._lock: Final = threading.Lock()
        self._regular: Final = _Lane(due=float("inf"))
        self._on_demand: Final = _Lane(due=0.0)
        self._looks: Final = _Lane(due=0.0)
        self._unknown: Final = UnknownKeyIds(timing.back_off, timing.longest_back_off)
        self._trouble = "they were never read"

    @property
    def held(self) -> KeySet:
        """The set that is held now."""
        return self._held

    def peek(self, kid: str) -> SigningKey | None:
        """Return a key that is held and recent enough. Never waits."""
        held = self._held
        return held.keys.get(kid) if self._is_usable(held) else None

    def held_key(self, kid: str) -> SigningKey | None:
        """See KeySource."""
        key = self.peek(kid)
        if key is None and not self._is_usable(self._held):
            raise KeysUnavailable(f"No signing keys are held: {self._trouble}.")
        return key

    def find(self, kid: str) -> SigningKey | None:
        """Return the key of that id, having waited for a reading where one is due.

        Raises KeysUnavailable where no keys are held even then.
        """
        if self.peek(kid) is None and (reading := self.request(kid)) is not None:
            reading.wait()
        return self.held_key(kid)

    def request(self, kid: str) -> Reading | None:
        """Return the reading that may bring the key, started now where it is due; None: not yet.

        Never a regular reading: it may have begun before the key was published, or hang.
        """
        with self._lock:
            if self.peek(kid) is not None:
                return None
            now = self._clock()
            lane = self._lane_for(kid, now)
            if not lane.is_free(now):
                return lane.in_progress(now)
            reading = self._begun(lane, kid, now)
        self._launch(reading)
        return reading

    def prepare(self) -> bool:
        """Return whether keys are held; start reading them where none are. Never waits.

        For a process that is about to take requests: the first of them then finds the keys.
        """
        if self._held.keys and self._is_usable(self._held):
            return True
        with self._lock:
            now = self._clock()
            if self._regular.due == float("inf"):
                self._regular.due = now
            if self._on_demand.in_progress(now) or not self._regular.is_free(now):
                return False
            reading = self._begun(self._regular, None, now)
        self._launch(reading)
        return False

    def refresh_if_due(self) -> None:
        """Start the regular reading where it is due. Never waits."""
        if self._clock() < self._regular.due:
            return
        with self._lock:
            now = self._clock()
            if not self._regular.is_free(now):
                return
            reading = self._begun(self._regular, None, now)
        self._launch(reading)

    def _is_usable(self, held: KeySet) -> bool:
        return self._clock() - held.read_at <= self._timing.outage

    def _lane_for(self, kid: str, now: float) -> _Lane:
        """Return where the key is looked for: at the issuer, or else among the shared keys."""
        if self._on_demand.in_progress(now) is not None:
            return self._on_demand
        is_early = now < self._on_demand.due or now < self._unknown.due(kid)
        return self._looks if is_early else self._on_demand

    def _begun(self, lane: _Lane, requested: str | None, now: float) -> Reading:
        if lane.reading is not None:
            self._trouble = "reading them does not end"
            logger.warning(
                "Reading the signing keys of %s takes too long. It is tried again.", self._name
            )
        wait, abandoned_at = self._timing.wait, now + self._timing.patience
        if lane is self._regular:
            # Later callers of refresh_if_due then return before they take the lock.
            lane.due = abandoned_at
        elif lane is self._looks:
            lane.due = now + self._timing.look
            wait = min(wait, self._timing.look)
        lane.reading = Reading(lane, requested, abandoned_at, time.monotonic() + wait)
        return lane.reading

    def _launch(self, reading: Reading) -> None:
        try:
            self._start(lambda: self._run(reading))
        except RuntimeError as error:
            # No thread could be started.
            self._finish(reading, NO_KEYS, str(error))

    def _run(self, reading: Reading) -> None:
        read, trouble = NO_KEYS, "reading them failed"
        try:
            read, trouble = self._read(reading)
        finally:
            self._finish(reading, read, trouble)

    def _read(self, reading: Reading) -> tuple[KeySet, str]:
        """Return the keys that were read, and what was wrong where the issuer gave none."""
        if reading.lane is self._looks:
            return self._fetch.published(), ""
        try:
            read = self._fetch(self._held, reading.requested)
        except KeysUnavailable as error:
            trouble = str(error)
            level = logging.ERROR if isinstance(error, LocalFault) else logging.WARNING
            logger.log(level, "The signing keys of %s could not be read: %s.", self._name, error)
        except Exception as error:
            # A defect in this code or in a library.
            trouble = f"reading them failed ({type(error).__name__})"
            logger.exception("Reading the signing keys of %s failed.", self._name)
        else:
            return read, "" if read.keys else "the issuer publishes no keys"
        # Keys that were read before an outage are used throughout it, by new processes too.
        return self._fetch.published(), trouble

    def _finish(self, reading: Reading, read: KeySet, trouble: str) -> None:
        with self._lock:
            if read.keys:
                self._held = self._held.joined(read, keep_seconds=self._timing.keep)
            if reading.lane is not self._looks:
                self._schedule(reading, trouble)
            # An abandoned reading ends after its successor began.
            if reading.lane.reading is reading:
                reading.lane.reading = None
        reading.done.set_result(None)

    def _schedule(self, reading: Reading, trouble: str) -> None:
        now, timing = self._clock(), self._timing
        if trouble:
            self._trouble = trouble
            self._regular.due = now + timing.retry
        else:
            spread = 1 + timing.jitter * (2 * self._chance() - 1)
            # Another process may have read them a while ago.
            self._regular.due = min(self._held.read_at, now) + timing.refresh * spread
        if reading.lane is self._on_demand:
            paced = self._held.last_miss.at + timing.pacing
            reading.lane.due = now + timing.retry if trouble else paced
            self._note_result(reading.requested, now, trouble)

    def _note_result(self, requested: str | None, now: float, trouble: str) -> None:
        if requested is None or trouble:
            return
        miss = self._held.last_miss
        if requested in self._held.keys:
            self._unknown.forget(requested)
        elif miss.kid == requested:
            # In this process or in another one.
            self._unknown.record_not_found(requested, miss.at, miss.back_off)
        elif now - miss.at >= self._timing.pacing:
            # The first reading of all, which is not shared as a miss. Otherwise, nothing was read.
            self._unknown.record_not_found(requested, now)
