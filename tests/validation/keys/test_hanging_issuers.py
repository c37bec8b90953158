"""The key ring while an issuer does not respond: who waits, and for how long."""

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
    ring_of,
)
from validation.errors import KeysUnavailable
from validation.keys.key_ring import KeyRing, Timing, in_daemon_thread
from validation.keys.key_set import KeySet


class SlowIssuer(Issuer):
    """An issuer that answers once `may_answer` is set."""

    def __init__(self, clock: Clock, *kids: str) -> None:
        super().__init__(clock, *kids)
        self.asked = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.hangs_regular_only = False

    def __call__(self, held: KeySet, requested: str | None) -> KeySet:
        read = super().__call__(held, requested)
        self.asked.release()
        if requested is None or not self.hangs_regular_only:
            self.may_answer.wait(2 * WITHOUT_WAITING)
        return read


@pytest.fixture
def slow(clock: Clock) -> Iterator[SlowIssuer]:
    issuer = SlowIssuer(clock, "a")
    issuer.may_answer.set()
    yield issuer
    issuer.may_answer.set()


def start_and_read(slow: SlowIssuer) -> KeyRing:
    ring = ring_of(slow, start=in_daemon_thread)
    assert find(ring, "a")
    slow.asked.acquire()
    slow.may_answer.clear()
    return ring


def test_waiting_callers_share_one_reading(slow: SlowIssuer) -> None:
    ring = start_and_read(slow)
    slow.kids = ["a", "c"]
    with ThreadPoolExecutor(16) as pool:
        found = [pool.submit(find, ring, "c") for _ in range(64)]
        slow.asked.acquire()
        slow.may_answer.set()
        assert all(future.result() for future in found)
    assert slow.readings == 2


def test_known_key_does_not_wait_for_reading(slow: SlowIssuer) -> None:
    ring = start_and_read(slow)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(find, ring, "invented")
        slow.asked.acquire()
        assert find(ring, "a")
        assert not waiting.done()
        slow.may_answer.set()
        assert not waiting.result()


def test_wait_for_hanging_issuer_is_bounded(slow: SlowIssuer) -> None:
    slow.may_answer.clear()
    ring = ring_of(slow, start=in_daemon_thread, timing=Timing(wait=0.01))
    with pytest.raises(KeysUnavailable):
        find(ring, "a")


def test_later_callers_do_not_wait_for_hanging_issuer(slow: SlowIssuer) -> None:
    slow.may_answer.clear()
    ring = ring_of(slow, start=in_daemon_thread, timing=Timing(wait=0.5))

    def find_often() -> None:
        for _ in range(1000):
            with pytest.raises(KeysUnavailable):
                find(ring, "a")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(find_often).result(timeout=WITHOUT_WAITING)
    assert slow.readings == 1


# Any wait with this timing fails the test.
PATIENT = Timing(wait=HOUR, pacing=2 * HOUR)


def hang_regular_reading(ring: KeyRing, clock: Clock, slow: SlowIssuer) -> None:
    """Begin a regular reading that does not end."""
    slow.may_answer.clear()
    slow.asked = threading.Semaphore(0)
    clock.forward(1.1 * HOUR)
    ring.refresh_if_due()
    slow.asked.acquire()


@pytest.fixture
def hanging(clock: Clock, slow: SlowIssuer) -> KeyRing:
    """A ring whose regular reading hangs, while others would be answered."""
    ring = ring_of(slow, start=in_daemon_thread, timing=PATIENT)
    assert find(ring, "a")
    hang_regular_reading(ring, clock, slow)
    slow.hangs_regular_only = True
    return ring


@pytest.mark.parametrize("kid", ["a", "invented"])
def test_no_caller_waits_for_hanging_regular_reading(hanging: KeyRing, kid: str) -> None:
    assert found_often(hanging, kid) == {kid == "a"}


def test_no_caller_waits_for_it_within_pacing(clock: Clock, slow: SlowIssuer) -> None:
    ring = ring_of(slow, start=in_daemon_thread, timing=PATIENT)
    assert find(ring, "a")
    assert not find(ring, "invented")
    hang_regular_reading(ring, clock, slow)
    assert found_often(ring, "invented") == {False}
    assert found_often(ring, "a") == {True}
    assert slow.requested == ["a", "invented", None]


def test_finds_rotated_key_during_hanging_regular_reading(
    hanging: KeyRing, slow: SlowIssuer
) -> None:
    slow.kids = ["a", "c"]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(find, hanging, "c").result(timeout=WITHOUT_WAITING)


def test_abandons_hanging_regular_reading(
    hanging: KeyRing, clock: Clock, slow: SlowIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    clock.forward(Timing.patience - 1)
    hanging.refresh_if_due()
    assert slow.requested == ["a", None]
    clock.forward(1)
    hanging.refresh_if_due()
    slow.asked.acquire()
    assert slow.requested == ["a", None, None]
    assert "takes too long" in caplog.text


def test_abandons_hanging_reading_for_unknown_key_id(clock: Clock, slow: SlowIssuer) -> None:
    slow.may_answer.clear()
    ring = ring_of(slow, start=in_daemon_thread, timing=Timing(wait=0.01))
    for seconds in (0, Timing.patience - 1, 1):
        clock.forward(seconds)
        with pytest.raises(KeysUnavailable):
            find(ring, "a")
    for _ in range(2):
        slow.asked.acquire()
    assert slow.readings == 2


def test_finds_rotated_key_that_regular_reading_missed(clock: Clock, slow: SlowIssuer) -> None:
    ring = start_and_read(slow)
    clock.forward(1.1 * HOUR)
    ring.refresh_if_due()
    slow.asked.acquire()
    slow.kids = ["c"]
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(find, ring, "c")
        slow.may_answer.set()
        assert found.result()
    assert slow.requested == ["a", None, "c"]
