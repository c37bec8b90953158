"""The key ring: which keys it holds, and when it reads the issuer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.validation.keys.rings import DAY, HOUR, START, Clock, Issuer, ring_of
from validation.errors import KeysUnavailable
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import KeyRing, Timing, Work, in_daemon_thread
from validation.keys.key_set import KeySet


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    return Issuer(clock, "a", "b")


def find(ring: KeyRing, kid: str) -> bool:
    return ring.find(kid) is not None


def test_first_token_causes_one_reading(issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    assert find(ring, "b")
    assert issuer.readings == 1


def test_reads_rotated_key_at_once(issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    issuer.kids = ["c"]
    assert find(ring, "c")
    assert issuer.readings == 2


def test_paces_readings_for_forged_key_ids(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    readings = []
    for _ in range(3):
        before = issuer.readings
        assert not any(find(ring, f"invented-{n}") for n in range(5000))
        readings.append(issuer.readings - before)
        clock.forward(Timing.pacing)
    assert readings == [1, 1, 1]


def test_lookup_of_held_keys_causes_no_reading(issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    assert not any(ring.held_key(f"invented-{n}") for n in range(5000))
    assert issuer.readings == 1


def test_backs_off_for_one_forged_key_id(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    for _ in range(50 * 60 * 10):
        assert not find(ring, "invented")
        clock.forward(1 / 50)
    # After 0, 5, 10, 15 (paced), then the delay has grown to 8, 16, 32, 64, 128 and 256 seconds.
    assert 6 <= issuer.readings - 1 <= 11
    # Another key is read within the pacing all the same.
    issuer.kids = ["a", "c"]
    clock.forward(Timing.pacing)
    assert find(ring, "c")


def test_reads_each_of_several_rotations_at_once(issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    for kid in ("c", "d", "e"):
        issuer.kids = [kid]
        assert find(ring, kid)
    assert issuer.readings == 4


def test_finds_known_keys_during_flood(issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert all(find(ring, "a") for n in range(500) if not find(ring, f"invented-{n}"))


def test_keeps_keys_during_outage_of_a_day(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    issuer.is_down = True
    for _ in range(25 * 60):
        clock.forward(60)
        ring.refresh_if_due()
        assert find(ring, "a")
    assert issuer.readings > 25


def test_drops_keys_not_confirmed_for_a_week(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    issuer.is_down = True
    clock.forward(8 * DAY)
    with pytest.raises(KeysUnavailable, match="no answer"):
        find(ring, "a")
    issuer.is_down = False
    clock.forward(Timing.retry)
    assert find(ring, "a")


def test_retries_soon_without_keys(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    issuer.is_down = True
    for _ in range(100):
        with pytest.raises(KeysUnavailable):
            find(ring, "a")
    assert issuer.readings == 1
    issuer.is_down = False
    clock.forward(Timing.retry)
    assert find(ring, "a")


def test_keeps_flapping_key(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    issuer.kids = ["b"]
    for _ in range(20):
        clock.forward(1.1 * HOUR)
        ring.refresh_if_due()
        assert ring.peek("a") is not None


def test_drops_key_not_seen_for_a_day(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    issuer.kids = ["b"]
    clock.forward(DAY + 1)
    ring.refresh_if_due()
    assert ring.peek("a") is None
    assert ring.peek("b") is not None


def test_empty_set_replaces_nothing(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    issuer.kids = []
    clock.forward(2 * DAY)
    ring.refresh_if_due()
    assert find(ring, "a")


def test_reads_keys_hourly_with_jitter(clock: Clock, issuer: Issuer) -> None:
    early, late = ring_of(issuer, chance=0.0), ring_of(issuer, chance=1.0)
    for ring in (early, late):
        assert find(ring, "a")
    clock.forward(0.91 * HOUR)
    early.refresh_if_due()
    late.refresh_if_due()
    assert issuer.readings == 3
    clock.forward(0.2 * HOUR)
    late.refresh_if_due()
    assert issuer.readings == 4


def test_regular_reading_does_not_delay_rotated_key(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    clock.forward(1.1 * HOUR)
    ring.refresh_if_due()
    issuer.kids = ["c"]
    assert find(ring, "c")


def test_failed_regular_reading_does_not_delay_rotated_key(clock: Clock, issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    clock.forward(1.1 * HOUR)
    issuer.is_down = True
    ring.refresh_if_due()
    issuer.is_down = False
    issuer.kids = ["c"]
    assert find(ring, "c")


# Seconds: shorter than any wait under test, longer than any machine needs.
WITHOUT_WAITING = 30


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


def found_often(ring: KeyRing, kid: str) -> set[bool]:
    """Look the key up a hundred times in each of four threads."""

    def find_often() -> set[bool]:
        return {find(ring, kid) for _ in range(100)}

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(find_often) for _ in range(4)]
        return set().union(*(answer.result(timeout=WITHOUT_WAITING) for answer in answers))


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
    assert "does not end" in caplog.text


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


def test_reports_thread_that_cannot_start(issuer: Issuer) -> None:
    def no_thread(_: Work) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.raises(KeysUnavailable, match="can't start new thread"):
        find(ring_of(issuer, start=no_thread), "a")


class BrokenIssuer(Issuer):
    """An issuer whose reader has a defect until `is_broken` is cleared."""

    is_broken = True

    def read(self) -> Mapping[str, SigningKey]:
        keys = super().read()
        if self.is_broken:
            raise AttributeError("read1")
        return keys


def test_logs_defect_in_reading_and_recovers(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = BrokenIssuer(clock, "a")
    ring = ring_of(issuer)
    with pytest.raises(KeysUnavailable, match=r"failed \(AttributeError\)"):
        find(ring, "a")
    (line,) = [line for line in caplog.records if line.levelno == logging.ERROR]
    assert line.exc_info is not None
    assert line.exc_info[0] is AttributeError
    issuer.is_broken = False
    clock.forward(Timing.retry)
    assert find(ring, "a")


def test_exposes_held_keys(issuer: Issuer) -> None:
    ring = ring_of(issuer)
    assert find(ring, "a")
    assert set(ring.held.keys) == {"a", "b"}
    assert ring.held.read_at == START
