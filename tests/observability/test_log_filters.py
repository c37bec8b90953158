"""Log lines of requests that Django rejects."""

from __future__ import annotations

import logging

import pytest
from django.http import HttpRequest
from django.test import Client

from observability.logs import filters as log_filters


def test_logs_unknown_host_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/admin/login/", headers={"host": "10.1.2.3"}).status_code == 400
    (line,) = [each for each in caplog.records if each.name.startswith("django")]
    assert line.exc_info is None
    assert "10.1.2.3" in line.getMessage()


@pytest.mark.django_db
def test_logs_csrf_failure_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/admin/login/").status_code == 403
    (line,) = [each for each in caplog.records if each.name.startswith("django")]
    assert line.levelno == logging.WARNING


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("logger", "path", "host"),
    [
        ("django.security.DisallowedHost", "/admin/login/", "10.1.2.3"),
        ("django.security.csrf", "/admin/login/", "localhost"),
        ("django.request", "/no-such-page/", "localhost"),
    ],
)
def test_limits_lines_per_minute(
    caplog: pytest.LogCaptureFixture, logger: str, path: str, host: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(30):
        client.post(path, headers={"host": host})
    lines = [each.name for each in caplog.records if each.name.startswith("django")]
    assert lines == [logger] * 10


def test_two_loggers_write_one_line_about_a_request() -> None:
    request = HttpRequest()
    kept = []
    for name in ("django.security.DisallowedHost", "django.request"):
        record = logging.makeLogRecord({"name": name, "status_code": 400})
        record.request = request
        kept.append(log_filters.RejectedRequests().filter(record))
    assert kept == [True, False]


def test_two_filters_of_one_logger_decide_once() -> None:
    # Logging is configured again where an entry point is imported into a process that was set up.
    first, second = log_filters.RejectedRequests(), log_filters.RejectedRequests()
    for number in range(30):
        record = logging.makeLogRecord({"name": "django.request", "status_code": 404})
        record.request = HttpRequest()
        assert (first.filter(record) and second.filter(record)) == (number < 10)
