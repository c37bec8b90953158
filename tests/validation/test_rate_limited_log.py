"""Unauthenticated requests cause log lines, but cannot fill the log."""

from __future__ import annotations

import logging

import pytest

from tests.validation.keys.rings import Clock
from validation.rate_limited_log import RateLimitedLog


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> RateLimitedLog:
    return RateLimitedLog(logging.getLogger("rate_limited"), lines=2, seconds=60, clock=clock)


def test_writes_first_lines_of_each_kind(
    log: RateLimitedLog, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1000):
        log.write("expired", "Refused %d", number)
        log.write("unsigned", "Unsigned %d", number)
    assert caplog.messages == ["Refused 0", "Unsigned 0", "Refused 1", "Unsigned 1"]


def test_next_line_counts_skipped_lines(
    log: RateLimitedLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        log.write("expired", "Refused %s", "a")
    clock.forward(60)
    for _ in range(3):
        log.write("expired", "Refused %s", "b")
    assert caplog.messages[2:] == ["Refused b (and 998 more like it)", "Refused b"]


def test_quiet_minute_resets_count(
    log: RateLimitedLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    log.write("expired", "Refused")
    clock.forward(61)
    log.write("expired", "Refused")
    assert caplog.messages == ["Refused", "Refused"]
