"""The comparison of output with the documentation finds what differs."""

from __future__ import annotations

import pytest

from tests.docs.transcript import Transcript, shown


@pytest.fixture
def transcript() -> Transcript:
    return Transcript()


def test_columns_may_have_another_width(transcript: Transcript) -> None:
    assert transcript.matches("a  b\n---- --\n", "a      b\n------- --\n\n")


def test_line_that_the_page_lacks_is_a_difference(transcript: Transcript) -> None:
    assert not transcript.matches("one\nthree", "one\ntwo\nthree")
    assert not transcript.matches("one", "one\ntwo")
    assert "+ two" in transcript.difference("one", "one\ntwo")


def test_dots_stand_for_lines(transcript: Transcript) -> None:
    assert transcript.matches("one\n...\nthree", "one\ntwo\ntwo again\nthree")
    assert transcript.matches("one\n...", "one")
    assert not transcript.matches("...\nfour", "one\ntwo")


def test_placeholder_keeps_its_value(transcript: Transcript) -> None:
    assert transcript.matches("<name> and <name>", "chat-1 and chat-1")
    assert transcript.values == {"name": "chat-1"}
    assert not transcript.matches("<name> again", "chat-2 again")
    assert transcript.fill("cd <name>") == "cd chat-1"


def test_value_differs_within_a_text(transcript: Transcript) -> None:
    assert not transcript.matches("<name> and <name>", "chat-1 and chat-2")


def test_times_change(transcript: Transcript) -> None:
    assert transcript.matches("<time> one\n<time> two", "10:00 one\n10:01 two")
    assert transcript.values == {}


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("0/2\r\x1b[2K\x1b[32m1/2\x1b[0m\r\x1b[2K2/2 done\r\nnext\r\n", "2/2 done\nnext\n"),
        ("\x1b[?25lreading\r\n\x1b[1A\x1b[2K\x1b[?25hread\r\n", "read\n"),
        ("abc\rx", "xbc"),
    ],
)
def test_only_the_last_state_of_a_line_is_shown(printed: str, seen: str) -> None:
    assert shown(printed) == seen
