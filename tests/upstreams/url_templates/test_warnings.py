"""Warnings about templates that Azure accepts."""

from __future__ import annotations

import pytest

from arm.instance_state import TemplateState
from upstreams.url_templates.warnings import template_warnings

SIGNED = {"auth_type": "ManagedIdentity", "resource": "api://chat"}


def codes(*templates: TemplateState) -> list[tuple[int, str]]:
    return [(warning.index, warning.code) for warning in template_warnings(templates)]


def signed(**fields: str) -> TemplateState:
    return TemplateState(**{"url_template": "https://a.example.com/", **SIGNED, **fields})  # type: ignore[arg-type]


def test_no_warning_for_valid_template() -> None:
    assert codes(signed()) == []


def test_warns_of_shadowed_template() -> None:
    assert codes(signed(), signed(hub_pattern="chat")) == [(1, "shadowed")]


@pytest.mark.parametrize("event", ["connect", "disconnect", "say, connect"])
def test_warns_of_event_that_is_never_sent(event: str) -> None:
    assert (0, "event_never_sent") in codes(signed(event_pattern=event))


def test_method_may_be_named_connect() -> None:
    assert codes(signed(category_pattern="messages", event_pattern="connect")) == []


def test_warns_of_unknown_category() -> None:
    found = codes(signed(category_pattern="connection, messages"))
    assert found == [(0, "category_unknown")]


def test_warns_of_unsigned_template() -> None:
    assert codes(TemplateState("https://a.example.com/")) == [(0, "unsigned")]


@pytest.mark.parametrize("resource", ["", "https://graph.microsoft.com"])
def test_warns_of_withdrawn_resource(resource: str) -> None:
    assert codes(signed(resource=resource)) == [(0, "resource_withdrawn")]


@pytest.mark.parametrize(
    "url", ["http://a.example.com/", "HTTP://a.example.com/", "http://127.0.0.1.example.com/"]
)
def test_warns_of_token_over_plain_http(url: str) -> None:
    assert codes(signed(url_template=url)) == [(0, "token_unencrypted")]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_no_warning_for_loopback(host: str) -> None:
    assert codes(signed(url_template=f"http://{host}/upstream/chat/")) == []


def test_invalid_url_is_not_plain_http() -> None:
    assert codes(signed(url_template="http://[")) == []


def test_connect_events_alone_are_not_called_shadowed() -> None:
    alone = signed(category_pattern="connections", event_pattern="connect,disconnect")
    assert codes(alone) == [(0, "event_never_sent"), (0, "event_never_sent")]


def test_warns_of_method_in_category_connections() -> None:
    alone = signed(category_pattern="connections", event_pattern="say")
    assert codes(alone) == [(0, "event_never_sent")]


@pytest.mark.parametrize("pattern", ["chat*", "say?", "a, b*"])
@pytest.mark.parametrize("kind", ["hub_pattern", "event_pattern"])
def test_warns_of_unsupported_wildcard(kind: str, pattern: str) -> None:
    assert (0, "pattern_not_supported") in codes(signed(**{kind: pattern}))


@pytest.mark.parametrize("pattern", ["Chat", "game, chatRoom"])
def test_warns_of_hub_in_upper_case(pattern: str) -> None:
    assert codes(signed(hub_pattern=pattern)) == [(0, "hub_case")]


@pytest.mark.parametrize("pattern", ["Chat, chat", "game", "*"])
def test_no_warning_for_hub_in_lower_case(pattern: str) -> None:
    assert codes(signed(hub_pattern=pattern)) == []


def test_warns_of_placeholder_in_upper_case() -> None:
    found = codes(signed(url_template="https://a.example.com/{Hub}/{event}"))
    assert found == [(0, "placeholder_case")]
