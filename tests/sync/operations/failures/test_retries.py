from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.operations.retries import FIRST_SECONDS, JITTER, LONGEST_SECONDS, delay_after

attempts = st.integers(min_value=1, max_value=40_000)


@given(attempts)
def test_delay_is_bounded(attempt: int) -> None:
    seconds = delay_after(attempt).total_seconds()
    assert FIRST_SECONDS <= seconds <= LONGEST_SECONDS * (1 + JITTER)


@given(attempts, st.floats(min_value=0, max_value=86_400))
def test_delay_is_never_shorter_than_azure_asks(attempt: int, retry_after: float) -> None:
    # A timedelta counts in microseconds.
    assert delay_after(attempt, retry_after=retry_after).total_seconds() >= retry_after - 1e-6


@given(st.integers(min_value=1, max_value=3))
def test_delay_doubles_apart_from_jitter(attempt: int) -> None:
    assert delay_after(attempt + 2) > delay_after(attempt)


def test_delays_differ() -> None:
    assert len({delay_after(5) for _ in range(20)}) > 1
