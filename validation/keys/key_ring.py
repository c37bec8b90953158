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
from validation.keys.jwks import SigningKey
from validation.keys.key_set import NO_KEYS, KeySet

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

        `held` is what the asker has, `wanted` the unknown key id that made it ask. The set says
        when an unknown key id last made somebody read the issuer: the cool-down counts from then.
        """

    def published(self) -> KeySet:
        """Return what processes shared last, however old, without asking the issuer."""


@dataclass(frozen=True)
class Timing:
    """When keys are read and how long they live, in seconds."""

    refresh: float = 60 * 60
    # The part of `refresh` by which a turn may be early or late, so that processes spread out.
    jitter: float = 0.1
    # Between two readings that unknown key ids cause.
    cool_down: float = 5 * 60
    # Between two looks at what other processes share, which unknown key ids cause meanwhile.
    look: float = 1
    # After a reading that failed.
    retry: float = 30
    # A key that the issuer publishes no more. The longest absence on record was two days, the
    # median three hours: an absent key that comes back costs one reading.
    keep: float = 24 * 60 * 60
    # Keys that could not be confirmed for so long are no longer believed.
    outage: float = 7 * 24 * 60 * 60
    # The longest that a request with an unknown key id waits for a reading, from when it began.
    wait: float = 10
    # A reading that takes longer is given up: another may begin. Far beyond what a network that is
    # merely slow can take.
    patience: float = 60


@dataclass(slots=True)
class _Flight:
    """One reading or look under way, and whoever waits for it."""

    lane: _Lane
    wanted: str | None
    # By the ring's clock.
    given_up_at: float
    # By the monotonic clock. All who wait do so until the same moment: where it hangs, those who
    # come later do not wait at all.
    waited_for_until: float
    landed: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Wait until it landed, within reason."""
        self.landed.wait(max(0.0, self.waited_for_until - time.monotonic()))


@dataclass(slots=True)
class _Lane:
    """Flights for one purpose: one at a time, and none before it is due."""

    due: float
    flight: _Flight | None = None

    def under_way(self, now: float) -> _Flight | None:
        """Return the flight that is under way and not given up."""
        flight = self.flight
        return flight if flight is not None and now < flight.given_up_at else None

    def is_free(self, now: float) -> bool:
        """Return whether a flight may begin."""
        return now >= self.due and self.under_way(now) is None


def in_daemon_thread(work: Work) -> None:
    """Start the work at once in a thread that does not keep the process alive."""
    threading.Thread(target=work, name="signing-keys", daemon=True).start()


class KeyRing:
    """The keys of one issuer. Safe to use from any number of threads.

    A known key is found without waiting for anything. Readings run where `start` runs them: one in
    turn and one for unknown key ids at a time, so that neither holds the other up. No request waits
    longer than `timing.wait` whatever the network does.
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
        # Readings in turn; readings for unknown key ids; looks, where those must not read.
        self._turns: Final = _Lane(due=float("inf"))
        self._demands: Final = _Lane(due=0.0)
        self._looks: Final = _Lane(due=0.0)
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
            now = self._clock()
            if self._turns.due == float("inf"):
                self._turns.due = now
            if self._demands.under_way(now) or not self._turns.is_free(now):
                return False
            flight = self._began(self._turns, None, now)
        self._launch(flight)
        return False

    def tend(self) -> None:
        """Start the reading in turn where it is due. Never waits."""
        if self._clock() < self._turns.due:
            return
        with self._lock:
            now = self._clock()
            if not self._turns.is_free(now):
                return
            flight = self._began(self._turns, None, now)
        self._launch(flight)

    def _is_believed(self, held: KeySet) -> bool:
        return self._clock() - held.read_at <= self._timing.outage

    def _demand(self, kid: str) -> SigningKey | None:
        flight = self._board(kid)
        if flight is not None:
            flight.wait()
        return self.peek(kid)

    def _board(self, kid: str) -> _Flight | None:
        """Return the flight to wait for, started now where none is under way; None: not yet.

        Never a reading in turn: it may have begun before the key was published, or hang.
        """
        with self._lock:
            if self.peek(kid) is not None:
                return None
            now = self._clock()
            is_cooling = now < self._demands.due and self._demands.under_way(now) is None
            lane = self._looks if is_cooling else self._demands
            if not lane.is_free(now):
                return lane.under_way(now)
            flight = self._began(lane, kid, now)
        self._launch(flight)
        return flight

    def _began(self, lane: _Lane, wanted: str | None, now: float) -> _Flight:
        if lane.flight is not None:
            self._trouble = "reading them does not end"
            logger.warning("Reading the signing keys of %s does not end; trying anew.", self._name)
        wait, given_up_at = self._timing.wait, now + self._timing.patience
        if lane is self._turns:
            # So that nobody who tends takes the lock before.
            lane.due = given_up_at
        elif lane is self._looks:
            lane.due = now + self._timing.look
            wait = min(wait, self._timing.look)
        lane.flight = _Flight(lane, wanted, given_up_at, time.monotonic() + wait)
        return lane.flight

    def _launch(self, flight: _Flight) -> None:
        try:
            self._start(lambda: self._fly(flight))
        except RuntimeError as error:
            # No thread to be had.
            self._land(flight, NO_KEYS, str(error))

    def _fly(self, flight: _Flight) -> None:
        news, trouble = NO_KEYS, "reading them broke down"
        try:
            news, trouble = self._news(flight)
        finally:
            self._land(flight, news, trouble)

    def _news(self, flight: _Flight) -> tuple[KeySet, str]:
        """Return the keys that came, and what was wrong where they did not come from the issuer."""
        if flight.lane is self._looks:
            return self._fetch.published(), ""
        try:
            news = self._fetch(self._held, flight.wanted)
        except KeysUnavailable as error:
            trouble = str(error)
            logger.warning("The signing keys of %s could not be read: %s", self._name, error)
        except Exception as error:
            # A mistake in a program or in what is installed: trying again will not mend it.
            trouble = f"reading them broke down ({type(error).__name__})"
            logger.exception("Reading the signing keys of %s broke down.", self._name)
        else:
            return news, "" if news.keys else "the issuer publishes none"
        # What was read before an outage serves all through it, in new processes too.
        return self._fetch.published(), trouble

    def _land(self, flight: _Flight, news: KeySet, trouble: str) -> None:
        with self._lock:
            if news.keys:
                self._held = self._held.joined(news, keep_seconds=self._timing.keep)
            if flight.lane is not self._looks:
                self._schedule(flight.lane, trouble)
            # One that was given up lands after its successor began.
            if flight.lane.flight is flight:
                flight.lane.flight = None
        flight.landed.set()

    def _schedule(self, lane: _Lane, trouble: str) -> None:
        now, timing = self._clock(), self._timing
        if trouble:
            self._trouble = trouble
            self._turns.due = now + timing.retry
        else:
            spread = 1 + timing.jitter * (2 * self._chance() - 1)
            # Another process may have read them a while ago.
            self._turns.due = min(self._held.read_at, now) + timing.refresh * spread
        if lane is self._demands:
            cooled_at = self._held.demanded_at + timing.cool_down
            lane.due = now + timing.retry if trouble else cooled_at
