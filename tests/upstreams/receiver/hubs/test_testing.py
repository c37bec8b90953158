"""The client that a project's own tests use."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.protocol.incoming_bodies import Format
from upstreams.receiver.testing import HubTestClient

chat = Hub("chat")


@chat.connected
def connected(request: UpstreamRequest) -> None:
    if request.user_id != "änn":
        raise HubError("Who are you?")


@chat.message("whoami")
def whoami(request: UpstreamRequest, *arguments: Any) -> list[Any]:
    return [request.user_id, request.claims["role"], request.query["room"], *arguments]


@chat.message("forget")
def forget(_request: UpstreamRequest) -> None: ...


@pytest.fixture(params=["json", "messagepack"])
def client(request: pytest.FixtureRequest) -> HubTestClient:
    protocol: Format = request.param
    return HubTestClient(
        chat, user_id="änn", claims=[("role", "admin")], query=[("room", "a&b")], protocol=protocol
    )


def test_works_in_an_event_loop(client: HubTestClient) -> None:
    async def main() -> None:
        assert (await client.aconnect()).status == 200
        assert await client.ainvoke("whoami", 1, None) == ["änn", "admin", "a&b", 1, None]
        assert (await client.asend("forget")).status == 200
        assert (await client.adisconnect()).status == 200

    asyncio.run(main())


def test_returns_result(client: HubTestClient) -> None:
    assert client.invoke("whoami", 1, None) == ["änn", "admin", "a&b", 1, None]
    assert client.invoke("forget") is None


def test_raises_error_with_clients_message(client: HubTestClient) -> None:
    with pytest.raises(HubError, match="has no method 'nowhere'"):
        client.invoke("nowhere")


def test_redacts_secret_in_query() -> None:
    query = Hub("query")
    query.message("raw")(lambda request: request.query_raw)
    fields = [("room", "a b"), ("id", "S3CRET"), (" access_token", "S3CRET")]
    client = HubTestClient(query, query=fields)
    assert client.invoke("raw") == "?room=a+b&id=redacted&+access_token=redacted"
    assert HubTestClient(query).invoke("raw") == ""


@pytest.mark.parametrize("protocol", ["json", "messagepack"])
def test_raises_error_with_default_text(protocol: Format) -> None:
    mute = Hub("mute")

    @mute.message("fail")
    def fail(_request: UpstreamRequest) -> None:
        raise HubError

    with pytest.raises(HubError, match=r"^The server refused the call\.$"):
        HubTestClient(mute, protocol=protocol).invoke("fail")


def test_connect_and_disconnect_return_responses(client: HubTestClient) -> None:
    assert client.connect().status == 200
    assert client.disconnect("gone").outcome == "accepted"
    assert client.send("forget").outcome == "accepted"
    assert HubTestClient(chat).connect().status == 403
