"""Whatever happens in whatever order, no process lags behind another."""

from __future__ import annotations

import math
from itertools import count, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.validation.keys.rings import Clock, Issuer, find
from tests.validation.processes import TIMING, ClockedCache, process

PROCESSES = 3
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["valid", "valid", "invented", "turn", "start", "rotate"]),
        st.integers(0, PROCESSES - 1),
        st.sampled_from([1.0, 1.0, 10.0, 150.0, 290.0, 3500.0]),
    ),
    min_size=40,
    max_size=80,
)


@settings(deadline=None)
@given(events=EVENTS)
def test_accepts_token_once_any_process_has_its_key(
    events: list[tuple[str, int, float]],
) -> None:
    """Forged key IDs cause at most one reading for each pacing period."""
    clock = Clock()
    issuer, cache = Issuer(clock, "k0"), ClockedCache(clock)
    rings = [process(issuer, cache) for _ in range(PROCESSES)]
    missed: set[float] = set()
    for number, (event, which, seconds) in enumerate(events):
        clock.forward(seconds)
        newest = issuer.kids[-1]
        is_known = any(ring.peek(newest) for ring in rings)
        if event == "rotate":
            issuer.kids.append(f"k{number}")
        elif event == "invented":
            assert not find(rings[which], f"invented-{number}")
        elif event == "turn":
            rings[which].refresh_if_due()
        elif event == "start":
            rings[which] = process(issuer, cache)
            rings[which].prepare()
        else:
            assert find(rings[which], newest) or not is_known
        missed |= {ring.held.last_miss.at for ring in rings}
    times = sorted(missed)
    assert all(b - a >= TIMING.pacing for a, b in pairwise(times))


@settings(deadline=None)
@given(
    requests=st.lists(
        st.tuples(st.integers(0, PROCESSES - 1), st.sampled_from([0.02, 0.5, 3.0, 8.0])),
        min_size=30,
        max_size=100,
    )
)
def test_processes_share_the_back_off_of_a_key_id(requests: list[tuple[int, float]]) -> None:
    clock = Clock()
    issuer, cache = Issuer(clock, "k0"), ClockedCache(clock)
    rings = [process(issuer, cache) for _ in range(PROCESSES)]
    assert all(find(ring, "k0") for ring in rings)
    began, issuer.readings = clock(), 0
    for which, seconds in requests:
        clock.forward(seconds)
        assert not find(rings[which], "invented")
    # The delay starts with `back_off` and doubles.
    assert issuer.readings <= 1 + math.log2((clock() - began) / TIMING.back_off + 1)


@settings(deadline=None, max_examples=30)
@given(missed_seconds=st.integers(0, 1_500), pause=st.integers(0, 300), is_replaced=st.booleans())
@example(missed_seconds=600, pause=150, is_replaced=True)
def test_key_is_found_after_the_longest_back_off(
    missed_seconds: int,
    pause: int,
    is_replaced: bool,
) -> None:
    """However long it was requested before the issuer published it, also by new processes."""
    clock = Clock()
    issuer, cache = Issuer(clock, "k0"), ClockedCache(clock)
    rings = [process(issuer, cache) for _ in range(2)]
    assert all(find(ring, "k0") for ring in rings)
    for second in count():
        before = issuer.readings
        clock.forward(1)
        assert not find(rings[second % 2], "late")
        if second >= missed_seconds and issuer.readings > before:
            break
        assert second <= missed_seconds + TIMING.longest_back_off
    # The worst moment: just after a reading.
    issuer.kids.append("late")
    published_at = clock()
    clock.forward(pause)
    if is_replaced:
        rings = [process(issuer, cache) for _ in range(2)]
    while not find(rings[0], "late"):
        clock.forward(1)
        assert clock() - published_at <= TIMING.longest_back_off


def test_back_off_of_a_key_id_is_forgotten() -> None:
    clock = Clock()
    issuer, cache = Issuer(clock, "k0"), ClockedCache(clock)
    for _ in range(600):
        clock.forward(1)
        assert not find(process(issuer, cache), "late")
    clock.forward(2 * TIMING.longest_back_off + 1)
    ring = process(issuer, cache)
    assert not find(ring, "late")
    issuer.kids.append("late")
    clock.forward(TIMING.pacing)
    assert find(ring, "late")
