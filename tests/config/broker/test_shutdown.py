"""The end of a worker that waits for its broker; tests/config/outages has real brokers."""

from __future__ import annotations

from itertools import count

from config.broker.shutdown import IDLE_SECONDS, wait_until_idle


def test_waits_for_tasks_that_run() -> None:
    seconds = count()
    ends = 120
    now = 0

    def clock() -> float:
        nonlocal now
        now = next(seconds)
        return now

    wait_until_idle(lambda: now < ends, clock, lambda _seconds: None)
    assert ends + IDLE_SECONDS <= now <= ends + IDLE_SECONDS + 5


def test_waits_for_time_without_tasks() -> None:
    seconds = count()
    wait_until_idle(lambda: False, lambda: next(seconds), lambda _seconds: None)
    assert next(seconds) >= IDLE_SECONDS
