"""Which of Celery's lines are about a broker; tests/config/outages has real brokers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from config.broker import outages

MESSAGE = "Message Error: %s"


@pytest.fixture(autouse=True)
def _no_outage() -> Iterator[None]:
    yield
    outages.schedule.end()
    outages.consumer.end()


def log_error(logger: str, error: Exception) -> None:
    logging.getLogger(logger).error(MESSAGE, error, exc_info=error)


def test_repeated_error_of_broker_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        log_error(outages.SCHEDULE, ConnectionRefusedError(f"refused\n{number}"))
    outages.schedule.end()
    begins, ends = caplog.records
    assert begins.getMessage().endswith("cannot use the broker. It retries until it can: refused 0")
    assert begins.exc_info is None
    assert "can use the broker again" in ends.getMessage()


def test_cause_of_an_error_decides(caplog: pytest.LogCaptureFixture) -> None:
    error = RuntimeError("Couldn't apply scheduled task")
    error.__context__ = TimeoutError("timed out")
    log_error(outages.SCHEDULE, error)
    (line,) = caplog.records
    assert line.getMessage().endswith(": timed out")


def test_other_errors_keep_their_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    log_error(outages.SCHEDULE, TypeError("a fault"))
    log_error(outages.CONSUMER, KeyError("unknown task"))
    assert [line.msg for line in caplog.records] == [MESSAGE] * 2
    assert all(line.exc_info for line in caplog.records)
