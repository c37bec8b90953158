"""What key rings are tested with: a clock that stands still, and an issuer that counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.validation.tokens import signing_key
from validation.errors import KeysUnavailable
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import KeyRing, Timing, Work
from validation.keys.key_set import NO_KEYS, NO_MISS, KeySet, Miss

START: Final = 1_800_000_000.0
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
# Seconds: shorter than any wait under test, longer than any machine needs.
WITHOUT_WAITING: Final = 30.0


class Clock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Issuer:
    """Publishes keys of these names, counts readings, and can be unavailable."""

    def __init__(self, clock: Clock, *kids: str) -> None:
        self.clock = clock
        self.kids = list(kids)
        self.readings = 0
        self.is_down = False
        self.requested: list[str | None] = []

    def read(self) -> Mapping[str, SigningKey]:
        """Return the published keys. Raises KeysUnavailable."""
        self.readings += 1
        if self.is_down:
            raise KeysUnavailable("no answer")
        return {kid: published(kid) for kid in self.kids}

    def __call__(self, held: KeySet, requested: str | None) -> KeySet:
        """Be a `Fetch` for a key ring."""
        self.requested.append(requested)
        keys = self.read()
        last_miss = NO_MISS
        if requested is not None and requested not in keys and held.keys:
            last_miss = Miss(self.clock(), requested)
        return KeySet.read(keys, now=self.clock(), last_miss=last_miss)

    def published(self) -> KeySet:
        """Share nothing with other processes."""
        return NO_KEYS


class RealIssuer(Issuer):
    """An issuer that publishes the keys that tests sign with."""

    def read(self) -> Mapping[str, SigningKey]:
        """Return the published keys. Raises KeysUnavailable."""
        super().read()
        return {kid: signing_key(kid) for kid in self.kids}


def published(kid: str) -> SigningKey:
    """Return a key of that id; the number behind it does not matter to a ring."""
    return SigningKey.from_jwk(dict(signing_key().jwk) | {"kid": kid})


def at_once(work: Work) -> None:
    """Do the work on the calling thread."""
    work()


def ring_of(
    issuer: Issuer,
    *,
    start: Callable[[Work], None] = at_once,
    timing: Timing = Timing(),  # noqa: B008
    chance: float = 0.5,
) -> KeyRing:
    """Return a ring for that issuer, by the issuer's clock."""
    return KeyRing(issuer, timing=timing, clock=issuer.clock, start=start, chance=lambda: chance)


def find(ring: KeyRing, kid: str) -> bool:
    """Return whether the ring finds the key, reading the issuer where it has to."""
    return ring.find(kid) is not None


def found_often(ring: KeyRing, kid: str) -> set[bool]:
    """Look the key up a hundred times in each of four threads."""

    def find_often() -> set[bool]:
        return {find(ring, kid) for _ in range(100)}

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(find_often) for _ in range(4)]
        return set().union(*(answer.result(timeout=WITHOUT_WAITING) for answer in answers))
