"""The form of log lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability import correlation_ids
from observability.logs.formats import JsonFormatter, LineFormatter
from observability.logs.redaction import redacted

FORMS = [JsonFormatter(), LineFormatter()]


def record(message: str, *args: Any, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("a.room", logging.WARNING, __file__, 1, message, args, None, **more)


def failure(words: str) -> logging.LogRecord:
    """Return the record of an exception."""
    found = record("It failed.")
    found.exc_info = (ValueError, ValueError(words), None)
    return found


@contextmanager
def working() -> Iterator[None]:
    with correlation_ids.operation_context("op-1", request="req-1"):
        yield


def test_a_line_for_people_is_one_line() -> None:
    line = LineFormatter().format(record("%s is late", "contoso"))
    assert line.endswith("WARNING a.room: contoso is late")


def test_a_line_for_people_ends_with_whom_it_was_done_for() -> None:
    with working():
        line = LineFormatter().format(record("late"))
    assert line.endswith(": late [request_id=req-1 operation_id=op-1]")


def test_a_json_line_says_when_who_and_what() -> None:
    with working():
        line = json.loads(JsonFormatter().format(record("%s is late", "contoso")))
    assert datetime.fromisoformat(line["time"]).utcoffset() is not None
    assert (line["level"], line["logger"]) == ("WARNING", "a.room")
    assert line["message"] == "contoso is late"
    assert (line["request_id"], line["operation_id"]) == ("req-1", "op-1")


def test_a_json_line_of_nobodys_work_names_none() -> None:
    line = json.loads(JsonFormatter().format(record("late")))
    assert line.keys().isdisjoint({"request_id", "operation_id", "exception"})


def test_a_traceback_stays_within_its_json_line() -> None:
    line = JsonFormatter().format(failure("no"))
    assert "\n" not in line
    assert "ValueError: no" in json.loads(line)["exception"]


@given(st.text())
def test_no_words_break_a_line_or_forge_another(words: str) -> None:
    for form in FORMS:
        line = form.format(record("%s", words))
        assert len(line.splitlines()) == 1
        assert line.isprintable()


@pytest.mark.parametrize("form", FORMS, ids=["json", "text"])
@pytest.mark.parametrize(
    ("told", "secret"),
    [
        ("eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2lnbmF0dXJl", "eyJvaWQiOiIxIn0"),
        ("eyJhbGciOiJub25lIn0.eyJvaWQiOiIxIn0.", "eyJvaWQiOiIxIn0"),
        ("smp_0123456789abcdefghij", "0123456789"),
        ("Authorization: Bearer 0123456789abcdefghij", "0123456789"),
        ("https://management.azure.com/operations/1?t=638&c=MIIH&s=c2lnbmVk", "c2lnbmVk"),
        ("/upstream/contoso/?access_token=0123456789", "0123456789"),
        ('{"client_secret": "0123456789"}', "0123456789"),
        ("postgres://signalman:0123456789@db/signalman", "0123456789"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_a_message_and_in_a_traceback(
    form: logging.Formatter, told: str, secret: str
) -> None:
    for found in (record("It came with %s", told), failure(f"It came with {told}")):
        line = form.format(found)
        assert secret not in line
        assert "(hidden)" in line


@pytest.mark.parametrize(
    "words",
    [
        "Operation 0f4f on contoso failed: OperationNotAllowed: no",
        "tenant 11111111-1111-1111-1111-111111111111: the audience is api://receiver",
        "Read https://login.microsoftonline.com/t/discovery/keys, 5 keys",
        "error code 409",
    ],
)
def test_what_is_no_secret_is_shown(words: str) -> None:
    for form in FORMS:
        assert words in form.format(record("%s", words))


@pytest.mark.parametrize("piece", ["http://", "-eyJ", "eyJaaaa.", "a://b:", "code="])
def test_a_text_made_to_take_long_is_looked_at_in_bounded_steps(piece: str) -> None:
    # Were a pattern to look from each piece to the end, this would take minutes.
    assert redacted(piece * 100_000)
