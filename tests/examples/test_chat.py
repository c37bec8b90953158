"""The chat app's hub, tested without HTTP, as applications test their hubs."""

from __future__ import annotations

import pytest

from examples.chat.hubs import chat
from upstreams.receiver import HubError
from upstreams.receiver.testing import HubTestClient


@pytest.fixture
def ada() -> HubTestClient:
    return HubTestClient(chat, user_id="ada")


def sent(client: HubTestClient) -> list[tuple[str, tuple[object, ...]]]:
    return [(one.operation, one.arguments) for one in client.sent]


def test_client_connects_and_disconnects(ada: HubTestClient) -> None:
    assert ada.connect().outcome == "accepted"
    assert ada.invoke("echo", "hi") == "hi"
    assert ada.invoke("whoami") == "ada"
    assert ada.disconnect().outcome == "accepted"


def test_message_reaches_everyone(ada: HubTestClient) -> None:
    ada.invoke("say_to_all", "hello")
    message = {"from": "ada", "to": "everyone", "text": "hello"}
    assert sent(ada) == [("send_to_all", (message,))]


def test_announces_a_new_member(ada: HubTestClient) -> None:
    ada.invoke("join", "lobby")
    assert [one.operation for one in ada.sent] == ["add_to_group", "send_to_group"]
    assert ada.sent[1].arguments == ("ada joined lobby.",)
    ada.invoke("leave", "lobby")
    assert ada.sent[2].operation == "remove_from_group"


def test_message_to_a_user_is_shown_to_both(ada: HubTestClient) -> None:
    ada.invoke("say_to_user", "zoe", "hello")
    message = {"from": "ada", "to": "zoe", "text": "hello"}
    assert sent(ada)[1:] == [("send_to_user", (message,)), ("send_to_connection", (message,))]


def test_message_to_oneself_is_shown_once(ada: HubTestClient) -> None:
    ada.invoke("say_to_user", "ada", "note")
    assert [one.operation for one in ada.sent] == ["user_exists", "send_to_user"]


def test_sender_learns_that_a_user_is_absent(ada: HubTestClient) -> None:
    ada.recorder.exists = False
    ada.invoke("say_to_user", "zoe", "hello")
    assert ada.sent[-1].arguments == ("zoe is not connected.",)


@pytest.mark.parametrize("text", ["", "x" * 501])
def test_refuses_empty_and_long_text(ada: HubTestClient, text: str) -> None:
    with pytest.raises(HubError, match="at most 500"):
        ada.invoke("say_to_all", text)


@pytest.mark.parametrize("room", ["", "  ", "x" * 41])
def test_refuses_empty_and_long_room(ada: HubTestClient, room: str) -> None:
    with pytest.raises(HubError, match="at most 40"):
        ada.invoke("join", room)
