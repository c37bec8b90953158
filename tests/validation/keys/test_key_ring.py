"""The key ring: which keys it holds, and when it reads the issuer."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest

from tests.validation.keys.rings import DAY, HOUR, START, Clock, Issuer, find, ring_of
from validation.errors import KeysUnavailable
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import Timing, Work


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
