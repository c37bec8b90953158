"""Routing as the service does it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm.instance_state import TemplateState
from upstreams.url_templates.patterns import expand, first_match, matches, unreachable

NAMES = st.sampled_from(["chat", "Chat", "game", "connected", "disconnected", "connect", "x y"])
CATEGORIES = st.sampled_from(["connections", "messages"])
PATTERNS = st.one_of(st.just("*"), st.lists(NAMES, min_size=1, max_size=3).map(", ".join))
TEMPLATES = st.builds(
    TemplateState,
    url_template=st.just("https://app.example.com/"),
    hub_pattern=PATTERNS,
    category_pattern=st.one_of(st.just("*"), CATEGORIES, st.just("connections,messages")),
    event_pattern=PATTERNS,
)


def template(hub: str = "*", category: str = "*", event: str = "*") -> TemplateState:
    return TemplateState("https://app.example.com/", hub, category, event)


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ("*", "anything at all", True),
        ("connected", "connected", True),
        ("connected", "Connected", False),
        ("connected, disconnected", "disconnected", True),
        (" connected ,disconnected ", "connected", True),
        ("connected,disconnected", "connected,disconnected", False),
        ("say, *", "anything", True),
        ("conn*", "connected", False),
        ("", "", False),
        ("a,,b", "", False),
    ],
)
def test_pattern_matches_listed_names(pattern: str, event: str, expected: bool) -> None:
    assert matches(template(event=pattern), "chat", "messages", event) is expected


def test_all_three_patterns_must_match() -> None:
    only = template("chat", "messages", "echo")
    assert matches(only, "chat", "messages", "echo")
    assert not matches(only, "game", "messages", "echo")
    assert not matches(only, "chat", "connections", "echo")
    assert not matches(only, "chat", "messages", "say")


def test_first_matching_template_is_used() -> None:
    templates = [template("game"), template("chat"), template()]
    assert first_match(templates, "chat", "messages", "echo") is templates[1]
    assert first_match(templates, "other", "messages", "echo") is templates[2]


def test_event_without_match_is_dropped() -> None:
    assert first_match([template("game")], "chat", "messages", "echo") is None


@given(st.lists(TEMPLATES, max_size=4), NAMES, CATEGORIES, NAMES)
def test_no_template_before_first_match_matches(
    templates: list[TemplateState], hub: str, category: str, event: str
) -> None:
    found = first_match(templates, hub, category, event)
    before = templates if found is None else templates[: templates.index(found)]
    assert not any(matches(one, hub, category, event) for one in before)
    assert found is None or matches(found, hub, category, event)


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        ([template(), template("chat")], [1]),
        ([template("chat"), template()], []),
        ([template("a,b"), template("a"), template("b,c")], [1]),
        ([template("a"), template("b"), template("a, b")], [2]),
        ([template(category="connections"), template(category="messages"), template()], [2]),
        # Only two events are ever of the category connections.
        ([template(event="connected,disconnected"), template(category="connections")], [1]),
        ([template(event="connected,disconnected"), template(category="messages")], []),
        # And these are none of them.
        ([template(category="connections", event="connect")], [0]),
        ([template(category="messages", event="connect")], []),
        ([template(category="connection")], [0]),
        ([template(hub="")], [0]),
    ],
)
def test_template_without_events_is_shadowed(
    templates: list[TemplateState], expected: list[int]
) -> None:
    assert unreachable(templates) == expected


def is_sent(category: str, event: str) -> bool:
    return category == "messages" or event in {"connected", "disconnected"}


@given(st.lists(TEMPLATES, max_size=4), NAMES, CATEGORIES, NAMES)
def test_no_event_reaches_a_shadowed_template(
    templates: list[TemplateState], hub: str, category: str, event: str
) -> None:
    if is_sent(category, event):
        hidden = [templates[index] for index in unreachable(templates)]
        found = first_match(templates, hub, category, event)
        assert not any(found is one for one in hidden)


@given(st.lists(TEMPLATES, max_size=4))
def test_some_event_reaches_every_other_template(templates: list[TemplateState]) -> None:
    names = ["chat", "Chat", "game", "connected", "disconnected", "connect", "x y", "another"]
    reached = {
        id(first_match(templates, hub, category, event))
        for hub in names
        for category in ("connections", "messages")
        for event in names
        if is_sent(category, event)
    }
    hidden = set(unreachable(templates))
    assert all(id(one) in reached for index, one in enumerate(templates) if index not in hidden)


def test_escapes_values_in_url() -> None:
    url = expand("https://{hub}.example.com/{category}/{event}?e={event}", "h", "messages", "a/b c")
    assert url == "https://h.example.com/messages/a%2Fb%20c?e=a%2Fb%20c"


@pytest.mark.parametrize("text", ["{Hub}", "{HUB}", "{other}", "{}", "{", "}{", "{hub"])
def test_keeps_unknown_placeholder(text: str) -> None:
    assert expand(f"https://a/{text}", "h", "c", "e") == f"https://a/{text}"


def test_expands_values_once() -> None:
    assert expand("{hub}/{event}", "{event}", "messages", "e") == "%7Bevent%7D/e"


def test_keeps_key_vault_reference() -> None:
    reference = "{@Microsoft.KeyVault(SecretUri=https://vault1.vault.azure.net/secrets/event/)}"
    url = expand("https://a/{event}?code=" + reference, "h", "messages", "e")
    assert url == "https://a/e?code=" + reference


@given(st.text(st.characters(codec="utf-8")))
def test_any_value_survives_url_escaping(value: str) -> None:
    path = expand("https://a/{event}", "h", "messages", value).removeprefix("https://a/")
    assert "/" not in path
    assert unquote(path) == value
