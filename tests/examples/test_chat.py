"""The chat app, tested without HTTP, as applications test their hubs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from examples.chat.hubs import chat
from upstreams.receiver import HubError
from upstreams.receiver.testing import HubTestClient


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada() -> HubTestClient:
    return HubTestClient(chat, user_id="ada")


def test_client_joins_and_sends(ada: HubTestClient) -> None:
    assert ada.connect().outcome == "accepted"
    assert ada.invoke("echo", "hi") == "hi"
    assert ada.invoke("join", "lobby") == []
    assert ada.invoke("say", "hello") == 1
    assert ada.invoke("join", "lobby") == ["ada: hello"]
    assert ada.disconnect().outcome == "accepted"


def test_refuses_message_after_disconnect(ada: HubTestClient) -> None:
    ada.invoke("join", "lobby")
    ada.disconnect("timeout")
    with pytest.raises(HubError, match="Join a room first"):
        ada.invoke("say", "hello")


@pytest.mark.parametrize("text", ["", "x" * 501])
def test_refuses_empty_and_long_text(ada: HubTestClient, text: str) -> None:
    ada.invoke("join", "lobby")
    with pytest.raises(HubError, match="at most 500"):
        ada.invoke("say", text)


def test_accepts_any_room_name(ada: HubTestClient) -> None:
    assert ada.invoke("join", "\ud800 room\0") == []
