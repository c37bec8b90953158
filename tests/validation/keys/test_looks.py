"""Looks at keys that other processes share, while the issuer must not be read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.validation.keys.rings import (
    HOUR,
    WITHOUT_WAITING,
    Clock,
    Issuer,
    find,
    found_often,
    published,
    ring_of,
)
from validation.keys.key_ring import KeyRing, Timing, in_daemon_thread
from validation.keys.key_set import KeySet


class SharingIssuer(Issuer):
    """An issuer whose keys others share, at a place that answers when it is let."""

    def __init__(self, clock: Clock, *kids: str) -> None:
        super().__init__(clock, *kids)
        self.looks = 0
        self.asked = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.shared: list[str] = []

    def published(self) -> KeySet:
        """Return what others share."""
        self.looks += 1
        self.asked.release()
        self.may_answer.wait(2 * WITHOUT_WAITING)
        return KeySet.read({kid: published(kid) for kid in self.shared}, now=self.clock())


@pytest.fixture
def issuer() -> Iterator[SharingIssuer]:
    issuer = SharingIssuer(Clock(), "a")
    yield issuer
    issuer.may_answer.set()


def cooling(issuer: SharingIssuer, timing: Timing) -> KeyRing:
    """Return a ring that may not ask the issuer for unknown key ids."""
    ring = ring_of(issuer, start=in_daemon_thread, timing=timing)
    assert find(ring, "a")
    assert not find(ring, "invented")
    return ring


def test_concurrent_callers_share_one_look(issuer: SharingIssuer) -> None:
    ring = cooling(issuer, Timing(look=HOUR, wait=HOUR))
    issuer.shared = ["a", "c"]
    with ThreadPoolExecutor(16) as pool:
        found = [pool.submit(find, ring, "c") for _ in range(16)]
        issuer.asked.acquire()
        issuer.may_answer.set()
        assert all(each.result(timeout=WITHOUT_WAITING) for each in found)
    assert (issuer.looks, issuer.readings) == (1, 2)


def test_hanging_look_blocks_no_caller(issuer: SharingIssuer) -> None:
    ring = cooling(issuer, Timing(look=0.2, wait=HOUR))
    for kid in ("invented", "a"):
        assert found_often(ring, kid) == {kid == "a"}
        issuer.clock.forward(30)
    assert issuer.looks == 1


def test_abandons_hanging_look(issuer: SharingIssuer) -> None:
    ring = cooling(issuer, Timing(look=0.01))
    for seconds in (0, Timing.patience - 1, 1):
        issuer.clock.forward(seconds)
        assert not find(ring, "invented")
    for _ in range(2):
        issuer.asked.acquire()
    assert issuer.looks == 2
