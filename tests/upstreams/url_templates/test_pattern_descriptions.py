"""Patterns in words."""

from __future__ import annotations

import pytest

from arm.instance_state import TemplateState
from upstreams.url_templates.pattern_descriptions import describe, reasons_not_matched
from upstreams.url_templates.patterns import Event, earlier_matches, matches


def template(hub: str = "*", category: str = "*", event: str = "*") -> TemplateState:
    return TemplateState("https://receiver.example/", hub, category, event)


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (("*", "*", "*"), "all events of all hubs"),
        (("chat, game", "messages", "*"), "messages of hub chat or game"),
        (("chat", "messages", "say, shout"), "messages say or shout of hub chat"),
        (("*", "connections", "*"), "clients that connect or disconnect of all hubs"),
        (("*", "connections", "connected"), "clients that connect of all hubs"),
        (("chat", "connections, messages", "connected"), "events connected of hub chat"),
        (("chat", "connections", "connect"), "nothing that the service sends of hub chat"),
        (("chat", "message", "*"), "nothing that the service sends of hub chat"),
        ((" , ", "messages", "*"), "messages of no hub"),
    ],
)
def test_describes_patterns(patterns: tuple[str, str, str], words: str) -> None:
    assert describe(template(*patterns)) == words


def test_names_each_pattern_that_does_not_match() -> None:
    found = reasons_not_matched(
        template("chat", "messages", "say"), Event("game", "messages", "Say")
    )
    assert found == [
        "Its hub pattern 'chat' does not match 'game'.",
        "Its event pattern 'say' does not match 'Say': names are case-sensitive.",
    ]


@pytest.mark.parametrize("hub", ["chat", "game"])
def test_gives_reason_exactly_without_a_match(hub: str) -> None:
    one, event = template("chat"), Event(hub, "messages", "say")
    assert bool(reasons_not_matched(one, event)) != matches(one, *event)


def test_names_templates_that_shadow_another() -> None:
    listed = [template("chat"), template("game"), template("orders"), template("chat, game")]
    assert earlier_matches(listed, 3) == [0, 1]
    assert earlier_matches(listed, 2) == []


def test_no_template_matches_events_that_are_never_sent() -> None:
    assert earlier_matches([template(), template("*", "connections", "connect")], 1) == []
