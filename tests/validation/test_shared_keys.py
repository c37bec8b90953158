"""Processes share what they read through the cache: here two rings stand for two processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

from tests.validation.rings import HOUR, Clock, Issuer, at_once, published
from validation.errors import KeysUnavailable
from validation.jwks import SigningKey
from validation.keys import KeyRing, Timing
from validation.keysets import NO_KEYS, KeySet
from validation.shared_keys import SharedKeys

TIMING = Timing()


@pytest.fixture
def cache() -> Iterator[BaseCache]:
    cache = LocMemCache("shared-keys", {})
    cache.clear()
    yield cache
    cache.clear()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    return Issuer(clock, "a")


def shared(issuer: Issuer, cache: BaseCache) -> SharedKeys:
    return SharedKeys(issuer.read, cache, issuer="entra", timing=TIMING, clock=issuer.clock)


def process(issuer: Issuer, cache: BaseCache) -> KeyRing:
    """Return the key ring of one process."""
    return KeyRing(
        shared(issuer, cache), timing=TIMING, clock=issuer.clock, start=at_once, chance=lambda: 0.5
    )


def find(ring: KeyRing, kid: str) -> bool:
    return ring.find(kid, may_fetch=True) is not None


def test_a_second_process_need_not_read(issuer: Issuer, cache: BaseCache) -> None:
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    assert find(process(issuer, cache), "a")
    assert issuer.readings == 1


def test_a_process_that_starts_in_an_outage_serves(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    assert find(process(issuer, cache), "a")
    issuer.is_down = True
    clock.forward(23 * HOUR)
    assert find(process(issuer, cache), "a")


def test_a_rotated_key_is_read_once_for_all(issuer: Issuer, cache: BaseCache) -> None:
    rings = [process(issuer, cache) for _ in range(4)]
    assert all(find(ring, "a") for ring in rings)
    issuer.kids = ["a", "c"]
    assert all(find(ring, "c") for ring in rings)
    assert issuer.readings == 2


def test_a_flood_is_cooled_down_for_all_together(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    rings = [process(issuer, cache) for _ in range(4)]
    assert all(find(ring, "a") for ring in rings)
    for _ in range(3):
        before = issuer.readings
        assert not any(find(ring, f"invented-{n}") for n in range(100) for ring in rings)
        assert issuer.readings == before + 1
        clock.forward(TIMING.cool_down)


def test_a_rotated_key_is_found_after_another_process_read_in_turn(
    issuer: Issuer, cache: BaseCache, clock: Clock
) -> None:
    first, second = process(issuer, cache), process(issuer, cache)
    assert find(first, "a")
    assert find(second, "a")
    clock.forward(1.1 * HOUR)
    first.tend()
    issuer.kids = ["c"]
    assert find(second, "c")


def test_a_process_that_starts_after_a_rotation_finds_the_key(
    issuer: Issuer, cache: BaseCache
) -> None:
    assert find(process(issuer, cache), "a")
    issuer.kids = ["c"]
    assert find(process(issuer, cache), "c")


def test_periodic_readings_are_shared(issuer: Issuer, cache: BaseCache, clock: Clock) -> None:
    rings = [process(issuer, cache) for _ in range(4)]
    assert all(find(ring, "a") for ring in rings)
    clock.forward(1.1 * HOUR)
    for ring in rings:
        ring.tend()
    assert issuer.readings == 2


def test_keys_that_others_wrote_into_the_cache_are_not_believed(
    issuer: Issuer, cache: BaseCache
) -> None:
    assert find(process(issuer, cache), "a")
    evil = KeySet.read({"evil": published("evil")}, now=issuer.clock() + 1)
    (name,) = [key.split(":")[-1] for key in vars(cache)["_cache"]]
    values: tuple[object, ...] = (evil.to_json(), "evil", {"keys": []}, 7)
    for value in values:
        cache.set(name, value)
        assert not find(process(issuer, cache), "evil")


def test_a_reading_that_fails_leaves_the_way_free(issuer: Issuer, cache: BaseCache) -> None:
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


def test_a_broken_cache_leaves_each_process_to_itself(issuer: Issuer) -> None:
    rings = [process(issuer, BrokenCache({})) for _ in range(2)]
    assert all(find(ring, "a") for ring in rings)
    assert issuer.readings == 2


def test_a_process_waits_for_the_one_that_reads(
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
