"""Patterns in words."""

from __future__ import annotations

import pytest

from arm.state import TemplateState
from upstreams.pattern_descriptions import explain, mismatches
from upstreams.patterns import Event, matches, takers


def template(hub: str = "*", category: str = "*", event: str = "*") -> TemplateState:
    return TemplateState("https://receiver.example/", hub, category, event)


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (("*", "*", "*"), "everything of all hubs"),
        (("chat, game", "messages", "*"), "messages of hub chat or game"),
        (("chat", "messages", "say, shout"), "messages say or shout of hub chat"),
        (("*", "connections", "*"), "clients that connect or disconnect of all hubs"),
        (("*", "connections", "connected"), "clients that connect of all hubs"),
        (("chat", "connections, messages", "connected"), "what is called connected of hub chat"),
        (("chat", "connections", "connect"), "nothing that the service sends of hub chat"),
        (("chat", "message", "*"), "nothing that the service sends of hub chat"),
        ((" , ", "messages", "*"), "messages of no hub"),
    ],
)
def test_patterns_are_said_in_words(patterns: tuple[str, str, str], words: str) -> None:
    assert explain(template(*patterns)) == words


def test_each_pattern_that_does_not_take_the_event_is_named() -> None:
    found = mismatches(template("chat", "messages", "say"), Event("game", "messages", "Say"))
    assert found == [
        "Its hub pattern 'chat' does not take 'game'.",
        "Its event pattern 'say' does not take 'Say': upper and lower case count.",
    ]


@pytest.mark.parametrize("hub", ["chat", "game"])
def test_there_is_a_reason_exactly_where_there_is_no_match(hub: str) -> None:
    one, event = template("chat"), Event(hub, "messages", "say")
    assert bool(mismatches(one, event)) != matches(one, *event)


def test_what_takes_the_events_of_a_shadowed_template_is_named() -> None:
    listed = [template("chat"), template("game"), template("news"), template("chat, game")]
    assert takers(listed, 3) == [0, 1]
    assert takers(listed, 2) == []


def test_nobody_takes_what_is_never_sent() -> None:
    assert takers([template(), template("*", "connections", "connect")], 1) == []
