"""The ring of an issuer's signing keys: which are held, and when the issuer is read again.

The rules are Microsoft's for key roll-over (learn.microsoft.com, "Signing key rollover in the
Microsoft identity platform"): keys change at any time, so read hourly and upon an unknown key id,
but at most every five minutes; and keep what is known through errors.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from validation.errors import KeysUnavailable
from validation.jwks import SigningKey
from validation.keysets import NO_KEYS, KeySet

logger = logging.getLogger(__name__)

Work = Callable[[], None]


class KeySource(Protocol):
    """Where the checks get a key from."""

    def find(self, kid: str, *, may_fetch: bool) -> SigningKey | None:
        """Return the key of that id, or None where the issuer publishes none.

        `may_fetch` says whether an unknown id is worth asking the issuer for: an id is what anybody
        can invent. Raises KeysUnavailable where no key at all is held.
        """


class Fetch(Protocol):
    """Reads the issuer's keys."""

    def __call__(self, held: KeySet, wanted: str | None) -> KeySet:
        """Return the keys that the issuer publishes. Raises KeysUnavailable.

        `held` is what the asker has, `wanted` the unknown key id that made it ask.
        """


@dataclass(frozen=True)
class Timing:
    """When keys are read and how long they live, in seconds."""

    refresh: float = 60 * 60
    # The part of `refresh` by which a turn may be early or late, so that processes spread out.
    jitter: float = 0.1
    # Between two readings that unknown key ids cause.
    cool_down: float = 5 * 60
    # After a reading that failed.
    retry: float = 30
    # A key that the issuer publishes no more. The longest absence on record was two days, the
    # median three hours: an absent key that comes back costs one reading.
    keep: float = 24 * 60 * 60
    # Keys that could not be confirmed for so long are no longer believed.
    outage: float = 7 * 24 * 60 * 60
    # The longest that a request with an unknown key id waits for a reading.
    wait: float = 10


@dataclass
class _Flight:
    """One reading under way, and whoever waits for it."""

    wanted: str | None
    landed: threading.Event = field(default_factory=threading.Event)


def in_daemon_thread(work: Work) -> None:
    """Start the work at once in a thread that does not keep the process alive."""
    threading.Thread(target=work, name="signing-keys", daemon=True).start()


class KeyRing:
    """The keys of one issuer. Safe to use from any number of threads.

    A known key is found without waiting for anything. At most one reading is under way; it runs
    where `start` runs it, so that no request waits longer than `timing.wait` whatever the network
    does.
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
        self._flight: _Flight | None = None
        self._refresh_at = float("inf")
        self._demand_at = 0.0
        self._trouble = "they were never read"

    @property
    def held(self) -> KeySet:
        """What is held now."""
        return self._held

    def peek(self, kid: str) -> SigningKey | None:
        """Return a key that is held and believed. Never waits."""
        held = self._held
        return held.keys.get(kid) if self._is_believed(held) else None

    def find(self, kid: str, *, may_fetch: bool) -> SigningKey | None:
        """See KeySource. An unknown id waits for one reading, which all who wait share."""
        key = self.peek(kid)
        if key is None and (may_fetch or not self._is_believed(self._held)):
            key = self._demand(kid)
        if key is None and not self._is_believed(self._held):
            raise KeysUnavailable(f"No signing keys are held: {self._trouble}.")
        return key

    def prepare(self) -> bool:
        """Return whether keys are held; start reading them where none are. Never waits.

        For a process that is about to take requests: the first of them then finds the keys there.
        """
        if self._held.keys and self._is_believed(self._held):
            return True
        with self._lock:
            is_new = self._refresh_at == float("inf")
            if self._flight is not None or not (is_new or self._clock() >= self._refresh_at):
                return False
            flight = self._flight = _Flight(wanted=None)
        self._launch(flight)
        return False

    def tend(self) -> None:
        """Start the periodic reading where it is due. Never waits."""
        if self._clock() < self._refresh_at:
            return
        with self._lock:
            if self._flight is not None or self._clock() < self._refresh_at:
                return
            flight = self._flight = _Flight(wanted=None)
        self._launch(flight)

    def _is_believed(self, held: KeySet) -> bool:
        return self._clock() - held.read_at <= self._timing.outage

    def _demand(self, kid: str) -> SigningKey | None:
        # A periodic reading may have begun before the key was published: then once more.
        for _ in range(2):
            flight = self._board(kid)
            if flight is None:
                break
            flight.landed.wait(self._timing.wait)
            if flight.wanted is not None or self.peek(kid) is not None:
                break
        return self.peek(kid)

    def _board(self, kid: str) -> _Flight | None:
        """Return the reading to wait for, started now where none is under way; None: not yet."""
        with self._lock:
            if self.peek(kid) is not None:
                return None
            if self._flight is not None:
                return self._flight
            if self._clock() < self._demand_at:
                return None
            flight = self._flight = _Flight(wanted=kid)
        self._launch(flight)
        return flight

    def _launch(self, flight: _Flight) -> None:
        try:
            self._start(lambda: self._fly(flight))
        except RuntimeError as error:
            # No thread to be had.
            self._land(flight, None, str(error))

    def _fly(self, flight: _Flight) -> None:
        news: KeySet | None = None
        trouble = "reading them broke down"
        try:
            news = self._fetch(self._held, flight.wanted)
        except KeysUnavailable as error:
            trouble = str(error)
            logger.warning("The signing keys of %s could not be read: %s", self._name, error)
        finally:
            self._land(flight, news, trouble)

    def _land(self, flight: _Flight, news: KeySet | None, trouble: str) -> None:
        with self._lock:
            now = self._clock()
            if news is None or not news.keys:
                self._trouble = trouble
                self._refresh_at = now + self._timing.retry
                if flight.wanted is not None:
                    self._demand_at = now + self._timing.retry
            else:
                self._adopt(news, flight, now)
            self._flight = None
        flight.landed.set()

    def _adopt(self, news: KeySet, flight: _Flight, now: float) -> None:
        # The first reading answers for no one key id, so it does not use up the cool-down.
        if flight.wanted is not None and self._is_believed(self._held):
            self._demand_at = now + self._timing.cool_down
        self._held = self._held.joined(news, keep_seconds=self._timing.keep)
        spread = 1 + self._timing.jitter * (2 * self._chance() - 1)
        self._refresh_at = now + self._timing.refresh * spread
