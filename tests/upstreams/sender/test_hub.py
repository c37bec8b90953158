"""Which instance and hub a hub sends to, in handlers and elsewhere; and how tests see it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from diagnosis.reason_codes import explain
from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.testing import HubTestClient, Sent, recorded_calls
from upstreams.sender import InvalidCall, SendError
from upstreams.sender.context import Handling

chat = Hub("Chat")
alerts = Hub("alerts", instance="contoso-alerts")


@chat.message("say")
def say(request: UpstreamRequest, text: str) -> None:
    chat.send_to_all("said", text, excluded=[request.connection_id])
    alerts.send_to_group("editors", "said", text)
    request.reply("done")


@chat.message("asay")
async def asay(request: UpstreamRequest, text: str) -> None:
    await asyncio.gather(
        chat.asend_to_all("said", text, excluded=[request.connection_id]),
        asyncio.to_thread(alerts.send_to_group, "editors", "said", text),
    )
    await request.areply("done")


@chat.message("join")
def join(request: UpstreamRequest, room: str) -> bool:
    return chat.add_to_group(room, connection_id=request.connection_id)


@pytest.mark.parametrize("target", ["say", "asay"])
@pytest.mark.parametrize("is_async", [False, True])
def test_client_records_what_handlers_send(target: str, is_async: bool) -> None:
    client = HubTestClient(chat)
    if is_async:
        asyncio.run(client.ainvoke(target, "hi"))
    else:
        client.invoke(target, "hi")
    said: dict[str, Any] = {"target": "said", "arguments": ("hi",)}
    one, two, three = client.sent
    excluded = ("test-connection",)
    assert one == Sent(operation="send_to_all", hub="chat", excluded=excluded, **said)
    assert two == Sent(
        operation="send_to_group", hub="alerts", instance="contoso-alerts", group="editors", **said
    )
    assert three == Sent(
        operation="send_to_connection", hub="chat", target="done", connection_id="test-connection"
    )


def test_client_decides_what_exists() -> None:
    client = HubTestClient(chat)
    assert client.invoke("join", "room") is True
    client.recorder.exists = False
    assert client.invoke("join", "room") is False
    assert [each.group for each in client.sent] == ["room", "room"]


@pytest.mark.parametrize("target", ["say", "asay"])
@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "send_forbidden"), (403, "send_forbidden"), (429, "send_error"), (None, "send_error")],
)
def test_refusal_of_the_service_is_a_reason_of_its_own(
    caplog: pytest.LogCaptureFixture, target: str, status: int | None, reason: str
) -> None:
    client = HubTestClient(chat)
    client.recorder.error = SendError("Assign it a role.", status=status)
    assert client.send(target, "hi").reason == reason
    assert client.sent == []
    assert f"test_hub.{target} could not send: Assign it a role." in caplog.text
    assert "Traceback" not in caplog.text
    with pytest.raises(HubError, match=r"^The server could not send a message\.$"):
        client.invoke(target, "hi")
    assert explain(reason).fix


def test_refusals_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    client = HubTestClient(chat)
    client.recorder.error = SendError("Assign it a role.", status=403)
    for _ in range(50):
        client.send("say", "hi")
    assert caplog.text.count("could not send") == 10


def test_handler_may_handle_the_refusal() -> None:
    careful = Hub("careful")

    @careful.message("say")
    def say(request: UpstreamRequest) -> str:
        try:
            request.reply("said")
        except SendError as error:
            return f"{error.status} {error.retryable}"
        return "sent"

    client = HubTestClient(careful)
    client.recorder.error = SendError("busy", status=429, retryable=True)
    assert client.invoke("say") == "429 True"


def test_clients_record_apart() -> None:
    ada, bob = HubTestClient(chat), HubTestClient(chat)
    ada.send("say", "hi")
    assert len(ada.sent) == 3
    assert bob.sent == []


def test_instance_of_the_request_comes_before_the_hubs_own() -> None:
    request = UpstreamRequest("alerts", "messages", "say", "c", instance="contoso-chat")
    with recorded_calls() as recorder:
        alerts.send_to_all("said")
        with Handling(request):
            alerts.send_to_all("said")
            alerts.on("contoso-lab").send_to_all("said")
            request.reply("said")
        alerts.send_to_all("said")
    assert [each.instance for each in recorder.sent] == [
        "contoso-alerts",
        "contoso-chat",
        "contoso-lab",
        "contoso-chat",
        "contoso-alerts",
    ]


def test_any_hub_sends_to_the_hub_of_the_request() -> None:
    anything = Hub()

    @anything.message("say")
    def say(_request: UpstreamRequest) -> None:
        anything.send_to_all("said")

    client = HubTestClient(anything, hub="Weather")
    assert client.send("say").outcome == "accepted"
    assert [each.hub for each in client.sent] == ["weather"]
    with recorded_calls(), pytest.raises(InvalidCall, match="use a hub with a name"):
        anything.send_to_all("said")


def test_negotiations_are_recorded() -> None:
    with recorded_calls() as recorder:
        answer = chat.negotiate(user_id="ada", claims={"role": ["a", "b"], "team": "x"})
    assert answer.as_json()["url"].endswith("/client/?hub=chat")
    assert "test-token" not in repr(answer)
    [client] = recorder.clients
    assert client.user_id == "ada"
    assert client.claims == (("role", "a"), ("role", "b"), ("team", "x"))
