"""Processes share what they read through the cache: here two rings stand for two processes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import signing
from django.core.cache.backends.base import BaseCache

from tests.validation.keys.rings import DAY, HOUR, Clock, Issuer, published
from tests.validation.processes import TIMING, ClockedCache, process, shared
from validation.errors import KeysUnavailable
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import KeyRing
from validation.keys.key_set import NO_KEYS, KeySet
from validation.shared_keys import SharedKeys

MINUTE = 60.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Iterator[ClockedCache]:
    cache = ClockedCache(clock)
    yield cache
    cache.clear()


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    return Issuer(clock, "a")


def find(ring: KeyRing, kid: str) -> bool:
    return ring.find(kid) is not None


def test_second_process_uses_shared_keys(issuer: Issuer, cache: BaseCache) -> None:
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    assert find(process(issuer, cache), "a")
    assert issuer.readings == 1


def test_process_started_in_outage_has_keys(issuer: Issuer, cache: BaseCache, clock: Clock) -> None:
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    clock.forward(23 * HOUR)
    assert find(process(issuer, cache), "a")


@pytest.mark.parametrize("seconds", [31 * MINUTE, 23 * HOUR, 6 * DAY])
def test_process_started_in_outage_becomes_ready(
    issuer: Issuer, cache: BaseCache, clock: Clock, seconds: float
) -> None:
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    clock.forward(seconds)
    ring = process(issuer, cache)
    ring.prepare()
    assert ring.prepare()
    assert find(ring, "a")


def test_keys_older_than_a_week_are_not_ready(
    issuer: Issuer, cache: ClockedCache, clock: Clock
) -> None:
    cache.keeps_all = True
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    clock.forward(7 * DAY + 1)
    ring = process(issuer, cache)
    ring.prepare()
    assert not ring.prepare()
    with pytest.raises(KeysUnavailable, match="no answer"):
        find(ring, "a")


def test_retries_during_outage_with_older_keys(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    clock.forward(DAY)
    ring = process(issuer, cache)
    ring.prepare()
    readings = issuer.readings
    for _ in range(5):
        clock.forward(TIMING.retry)
        ring.refresh_if_due()
    assert issuer.readings == readings + 5
    issuer.is_down = False
    clock.forward(TIMING.retry)
    ring.refresh_if_due()
    assert ring.held.read_at == clock()


def test_uses_keys_shared_during_outage(issuer: Issuer, cache: BaseCache, clock: Clock) -> None:
    first, second = process(issuer, cache), process(issuer, cache)
    assert find(first, "a")
    assert find(second, "a")
    clock.forward(1.1 * HOUR)
    issuer.kids = ["a", "c"]
    first.refresh_if_due()
    issuer.is_down = True
    clock.forward(HOUR)
    second.refresh_if_due()
    assert second.held == first.held


def test_reads_rotated_key_once_for_all_processes(issuer: Issuer, cache: BaseCache) -> None:
    rings = [process(issuer, cache) for _ in range(4)]
    assert all(find(ring, "a") for ring in rings)
    issuer.kids = ["a", "c"]
    assert all(find(ring, "c") for ring in rings)
    assert issuer.readings == 2


def test_paces_flood_for_all_processes(issuer: Issuer, cache: BaseCache, clock: Clock) -> None:
    rings = [process(issuer, cache) for _ in range(4)]
    assert all(find(ring, "a") for ring in rings)
    for _ in range(3):
        before = issuer.readings
        assert not any(find(ring, f"invented-{n}") for n in range(100) for ring in rings)
        assert issuer.readings == before + 1
        clock.forward(TIMING.pacing)


def test_pacing_ends_for_all_processes_together(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    first, second = process(issuer, cache), process(issuer, cache)
    assert find(first, "a")
    assert find(second, "a")
    assert not find(first, "invented")
    clock.forward(TIMING.pacing - 10)
    assert not find(second, "invented")
    clock.forward(15)
    issuer.kids = ["a", "c"]
    assert find(first, "c")
    assert find(second, "c")
    assert issuer.readings == 3


def test_finds_shared_key_after_failed_reading(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    first, second = process(issuer, cache), process(issuer, cache)
    assert find(first, "a")
    assert find(second, "a")
    issuer.kids = ["a", "c"]
    issuer.is_down = True
    assert not find(second, "c")
    issuer.is_down = False
    assert find(first, "c")
    assert find(second, "c")
    assert issuer.readings == 3


def test_flood_reads_cache_once_a_second(issuer: Issuer, cache: ClockedCache, clock: Clock) -> None:
    ring = process(issuer, cache)
    assert find(ring, "a")
    assert not find(ring, "invented")
    readings, cache.asked = issuer.readings, 0
    for number in range(400):
        assert not find(ring, f"invented-{number}")
        assert find(ring, "a")
        clock.forward(0.01)
    assert 3 <= cache.asked <= 5
    assert issuer.readings == readings


def test_paces_flood_without_cache(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    ring = process(issuer, BrokenCache({}))
    assert find(ring, "a")
    caplog.set_level(logging.WARNING)
    for number in range(250):
        assert not find(ring, f"invented-{number}")
        issuer.clock.forward(TIMING.look)
    assert issuer.readings <= 2 + 250 * TIMING.look / TIMING.pacing
    # At most ten lines a minute, and the first of the next.
    assert len(caplog.records) <= 60


def test_finds_rotated_key_after_regular_reading_elsewhere(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    first, second = process(issuer, cache), process(issuer, cache)
    assert find(first, "a")
    assert find(second, "a")
    clock.forward(1.1 * HOUR)
    first.refresh_if_due()
    issuer.kids = ["c"]
    assert find(second, "c")


def test_process_started_after_rotation_finds_key(issuer: Issuer, cache: BaseCache) -> None:
    assert find(process(issuer, cache), "a")
    issuer.kids = ["c"]
    assert find(process(issuer, cache), "c")


def test_shares_regular_readings(issuer: Issuer, cache: BaseCache, clock: Clock) -> None:
    rings = [process(issuer, cache) for _ in range(4)]
    assert all(find(ring, "a") for ring in rings)
    clock.forward(1.1 * HOUR)
    for ring in rings:
        ring.refresh_if_due()
    assert issuer.readings == 2


def test_refuses_keys_in_cache_that_were_not_signed_here(issuer: Issuer, cache: BaseCache) -> None:
    assert find(process(issuer, cache), "a")
    evil = KeySet.read({"evil": published("evil")}, now=issuer.clock() + 1)
    (name,) = [key.split(":")[-1] for key in vars(cache)["_cache"]]
    values: tuple[object, ...] = (
        *(evil.to_json(), "evil", {"keys": []}, 7),
        # Signed by another installation, and for another purpose.
        signing.dumps(evil.to_json(), key="another secret key", salt="validation.shared_keys"),
        signing.dumps(evil.to_json(), salt="another.purpose"),
    )
    for value in values:
        cache.set(name, value)
        assert not find(process(issuer, cache), "evil")


def test_failed_reading_releases_claim(issuer: Issuer, cache: BaseCache) -> None:
    issuer.is_down = True
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            shared(issuer, cache)(NO_KEYS, "a")
    assert issuer.readings == 2


class BrokenCache(BaseCache):
    """A cache whose server is gone."""

    def _fail(self, *_: object, **__: object) -> None:
        raise ConnectionError

    add = get = set = delete = _fail  # type: ignore[assignment]


def test_each_process_reads_with_broken_cache(issuer: Issuer) -> None:
    rings = [process(issuer, BrokenCache({})) for _ in range(2)]
    assert all(find(ring, "a") for ring in rings)
    assert issuer.readings == 2


def test_waits_for_reading_of_another_process(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    reads, may_answer = threading.Event(), threading.Event()

    def read_slowly() -> dict[str, SigningKey]:
        keys = dict(issuer.read())
        reads.set()
        may_answer.wait(10)
        return keys

    def let_answer(_: float) -> None:
        may_answer.set()
        first.result()

    slow = SharedKeys(read_slowly, cache, issuer="entra", timing=TIMING, clock=clock)
    waiting = SharedKeys(
        issuer.read, cache, issuer="entra", timing=TIMING, clock=clock, pause=let_answer
    )
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slow, NO_KEYS, "a")
        assert reads.wait(10)
        assert waiting(NO_KEYS, "a").keys.keys() == {"a"}
        assert first.result().keys.keys() == {"a"}
    assert issuer.readings == 1


def test_one_waiting_process_reads_after_a_miss(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    held = shared(issuer, cache)(NO_KEYS, None)
    clock.forward(HOUR)
    waiting, may_read = threading.Semaphore(0), threading.Event()

    def read_slowly() -> dict[str, SigningKey]:
        keys = dict(issuer.read())
        issuer.kids = ["a", "c"]
        waiting.release()
        may_read.wait(10)
        return keys

    def pause(seconds: float) -> None:
        waiting.release()
        may_read.wait(10)
        time.sleep(seconds)

    def read() -> dict[str, SigningKey]:
        # Long enough for all to begin, if they would.
        time.sleep(0.2)
        return dict(issuer.read())

    def fetch_keys(_: int) -> KeySet:
        fetch = SharedKeys(read, cache, issuer="entra", timing=TIMING, clock=clock, pause=pause)
        return fetch(held, "c")

    slow = SharedKeys(read_slowly, cache, issuer="entra", timing=TIMING, clock=clock)
    with ThreadPoolExecutor(1) as turn, ThreadPoolExecutor(3) as others:
        landed = turn.submit(slow, held, None)
        waiting.acquire()
        found = [others.submit(fetch_keys, number) for number in range(3)]
        for _ in found:
            waiting.acquire()
        may_read.set()
        assert all("c" in each.result().keys for each in found)
        assert "c" not in landed.result().keys
    assert issuer.readings == 3
