"""What is allowed and seldom meant."""

from __future__ import annotations

import pytest

from arm.state import TemplateState
from upstreams.template_warnings import advise

SIGNED = {"auth_type": "ManagedIdentity", "resource": "api://chat"}


def codes(*templates: TemplateState) -> list[tuple[int, str]]:
    return [(advice.index, advice.code) for advice in advise(templates)]


def signed(**fields: str) -> TemplateState:
    return TemplateState(**{"url_template": "https://a.example.com/", **SIGNED, **fields})  # type: ignore[arg-type]


def test_a_sound_template_needs_no_advice() -> None:
    assert codes(signed()) == []


def test_a_shadowed_template_is_pointed_out() -> None:
    assert codes(signed(), signed(hub_pattern="chat")) == [(1, "shadowed")]


@pytest.mark.parametrize("event", ["connect", "disconnect", "say, connect"])
def test_an_event_that_the_service_never_sends_is_pointed_out(event: str) -> None:
    assert (0, "event_never_sent") in codes(signed(event_pattern=event))


def test_a_method_may_be_called_connect() -> None:
    assert codes(signed(category_pattern="messages", event_pattern="connect")) == []


def test_an_unknown_category_is_pointed_out() -> None:
    found = codes(signed(category_pattern="connection, messages"))
    assert found == [(0, "category_unknown")]


def test_an_unsigned_template_is_pointed_out() -> None:
    assert codes(TemplateState("https://a.example.com/")) == [(0, "unsigned")]


@pytest.mark.parametrize("resource", ["", "https://graph.microsoft.com"])
def test_a_withdrawn_resource_is_pointed_out(resource: str) -> None:
    assert codes(signed(resource=resource)) == [(0, "resource_withdrawn")]


@pytest.mark.parametrize(
    "url", ["http://a.example.com/", "HTTP://a.example.com/", "http://127.0.0.1.example.com/"]
)
def test_a_token_sent_in_clear_is_pointed_out(url: str) -> None:
    assert codes(signed(url_template=url)) == [(0, "token_in_clear")]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_a_token_that_stays_on_the_machine_is_not(host: str) -> None:
    assert codes(signed(url_template=f"http://{host}/upstream/chat/")) == []


def test_an_address_that_is_none_is_no_token_in_clear() -> None:
    assert codes(signed(url_template="http://[")) == []
