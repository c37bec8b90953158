"""Key sets join without losing what is alive, and survive being stored."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.validation.keys.rings import published
from tests.validation.tokens import signing_key
from validation.keys.key_set import NO_KEYS, KeySet, Miss

KEEP = 100.0

READINGS = st.lists(
    st.tuples(st.integers(0, 1000), st.sets(st.sampled_from("abcdef"), min_size=1)), min_size=1
)


def read(now: float, kids: set[str]) -> KeySet:
    return KeySet.read({kid: published(kid) for kid in sorted(kids)}, now=now)


def test_later_key_replaces_earlier_one() -> None:
    old = KeySet.read({"a": signing_key("current")}, now=1)
    new = KeySet.read({"a": signing_key("other")}, now=2)
    for held in (old.joined(new, keep_seconds=KEEP), new.joined(old, keep_seconds=KEEP)):
        assert held.keys["a"] == signing_key("other")


def joined(readings: list[tuple[int, set[str]]]) -> KeySet:
    held = NO_KEYS
    for now, kids in readings:
        held = held.joined(read(now, kids), keep_seconds=KEEP)
    return held


@given(readings=READINGS)
def test_holds_key_exactly_while_seen_recently(
    readings: list[tuple[int, set[str]]],
) -> None:
    readings = sorted(readings, key=lambda reading: reading[0])
    last = readings[-1][0]
    expected = {kid for now, kids in readings for kid in kids if now >= last - KEEP}
    assert set(joined(readings).keys) == expected


@given(readings=READINGS)
def test_each_key_has_time_last_seen(readings: list[tuple[int, set[str]]]) -> None:
    held = joined(readings)
    assert held.keys.keys() == held.seen.keys()
    assert all(key.kid == kid for kid, key in held.keys.items())


@given(first=READINGS, second=READINGS)
def test_join_is_commutative(
    first: list[tuple[int, set[str]]], second: list[tuple[int, set[str]]]
) -> None:
    one, two = joined(first), joined(second)
    forth = one.joined(two, keep_seconds=KEEP)
    back = two.joined(one, keep_seconds=KEEP)
    assert (forth.seen, forth.read_at) == (back.seen, back.read_at)


def test_reads_set_of_an_earlier_release() -> None:
    stored = joined([(1, {"a"})]).to_json() | {"missed_at": 3.5}
    del stored["missed_kid"], stored["back_off"]
    assert KeySet.from_json(stored).last_miss == Miss(3.5)


@given(readings=READINGS)
def test_set_survives_json(readings: list[tuple[int, set[str]]]) -> None:
    held = replace(joined(readings), last_miss=Miss(3.5, "invented", 2.0))
    assert KeySet.from_json(json.loads(json.dumps(held.to_json()))) == held
