"""Each call of a hub, over HTTP to Local Azure, whose clients receive what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.localazure.service.application import Application
from tests.localazure.service.sockets import Client
from upstreams.receiver import Hub
from upstreams.sender import SendError

chat = Hub("Chat")


class Methods:
    """The hub's methods in one of their two forms; asynchronous ones run in a loop each."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(chat, self._prefix + name)
        if not self._prefix:
            return method  # type: ignore[no-any-return]

        def call(*arguments: Any, **options: Any) -> Any:
            made: Coroutine[Any, Any, Any] = method(*arguments, **options)
            return asyncio.run(made)

        return call


@pytest.fixture(params=["", "a"], ids=["sync", "async"])
def hub(request: pytest.FixtureRequest) -> Methods:
    return Methods(request.param)


def said(*clients: Client) -> list[Any]:
    return [client.next()["arguments"] for client in clients]


def test_sends_reach_their_recipients(allowed: Application, hub: Methods) -> None:
    with Client(allowed, user="a/b ü..") as ada, Client(allowed) as bob:
        hub.send_to_all("said", 1, {"ü": [None, 1.5]})
        assert said(ada, bob) == [[1, {"ü": [None, 1.5]}]] * 2
        hub.send_to_user("a/b ü..", "said", 2)
        hub.send_to_connection(bob.connection_id, "said", 3)
        assert said(ada, bob) == [[2], [3]]
        hub.send_to_all("said", 4, excluded=[ada.connection_id])
        assert hub.add_to_group("r/1%", connection_id=bob.connection_id) is True
        assert hub.add_to_group("r/1%", connection_id=ada.connection_id) is True
        hub.send_to_group("r/1%", "said", 5, excluded=[bob.connection_id])
        hub.send_to_group("r/1%", "said", 6)
        assert said(bob, bob, ada, ada) == [[4], [6], [5], [6]]


def test_groups_of_users(allowed: Application, hub: Methods) -> None:
    with Client(allowed, user="ada") as ada:
        assert hub.add_to_group("g", user_id="ada", ttl=600) is True
        assert hub.user_in_group("ada", "g") is True
        hub.send_to_group("g", "said", 1)
        hub.remove_from_group("g", user_id="ada")
        assert hub.user_in_group("ada", "g") is False
        hub.send_to_group("g", "said", 2)
        hub.add_to_group("g", user_id="ada")
        hub.remove_from_all_groups(user_id="ada")
        assert hub.user_in_group("ada", "g") is False
        hub.send_to_all("said", 3)
        assert said(ada, ada) == [[1], [3]]


def test_groups_of_connections(allowed: Application, hub: Methods) -> None:
    with Client(allowed) as ada:
        hub.add_to_group("g", connection_id=ada.connection_id)
        assert hub.group_exists("g") is True
        hub.remove_from_group("g", connection_id=ada.connection_id)
        assert hub.group_exists("g") is False
        hub.add_to_group("g", connection_id=ada.connection_id)
        hub.remove_from_all_groups(connection_id=ada.connection_id)
        assert hub.group_exists("g") is False


def test_what_is_gone_is_no_error(allowed: Application, hub: Methods) -> None:
    assert hub.add_to_group("g", connection_id="gone") is False
    hub.remove_from_group("g", connection_id="gone")
    hub.remove_from_group("g", user_id="gone")
    hub.remove_from_all_groups(connection_id="gone")
    hub.remove_from_all_groups(user_id="gone")
    hub.close_connection("gone")
    hub.close_user("gone")
    hub.close_group("gone")
    hub.send_to_user("gone", "said")
    hub.send_to_group("gone", "said")
    hub.send_to_connection("gone", "said")
    assert hub.connection_exists("gone") is False
    assert hub.user_exists("gone") is False
    assert hub.group_exists("gone") is False
    assert hub.user_in_group("gone", "g") is False


def test_existence(allowed: Application, hub: Methods) -> None:
    with Client(allowed, user="ada") as ada:
        assert hub.connection_exists(ada.connection_id) is True
        assert hub.user_exists("ada") is True


def test_closes(allowed: Application, hub: Methods) -> None:
    with Client(allowed, user="ada") as ada, Client(allowed, user="bob") as bob:
        hub.close_connection(ada.connection_id, reason="Enough.")
        hub.close_user("bob")
        assert "Enough." in ada.until_closed()[-1]["error"]
        assert bob.until_closed()[-1]["type"] == 7
    with Client(allowed) as eve, Client(allowed) as zoe, Client(allowed) as last:
        hub.add_to_group("g", connection_id=eve.connection_id)
        hub.close_group("g", reason="Closed for today.")
        assert "Closed for today." in eve.until_closed()[-1]["error"]
        hub.close_all(excluded=[last.connection_id])
        assert zoe.until_closed()[-1]["type"] == 7
        assert hub.connection_exists(last.connection_id) is True


def test_client_returns_a_result(allowed: Application, hub: Methods) -> None:
    def answer(**completion: Any) -> None:
        question = ada.next()
        assert question["target"] == "asked"
        ada.send({"type": 3, "invocationId": question["invocationId"], **completion})

    with Client(allowed) as ada, ThreadPoolExecutor(1) as pool:
        for completion in ({"result": {"a": [1, None]}}, {}):
            found = pool.submit(hub.invoke_connection, ada.connection_id, "asked", "sure")
            answer(**completion)
            assert found.result(20) == completion.get("result")
        found = pool.submit(hub.invoke_connection, ada.connection_id, "asked")
        answer(error="I will not say.")
        with pytest.raises(SendError, match="I will not say") as raised:
            found.result(20)
        assert (raised.value.status, raised.value.retryable) == (400, False)
    with pytest.raises(SendError, match="connection does not exist") as raised:
        hub.invoke_connection("gone", "asked")
    assert (raised.value.status, raised.value.code) == (404, "Error.Connection.NotExisted")


def test_bytes_arrive_as_base64_in_json(allowed: Application, hub: Methods) -> None:
    with Client(allowed) as ada:
        hub.send_to_all("said", b"\x00\xff", "text")
        assert said(ada) == [["AP8=", "text"]]


def test_one_loop_sends_many_at_once(allowed: Application) -> None:
    async def send() -> None:
        await asyncio.gather(*(chat.asend_to_user("ada", "said", each) for each in range(40)))

    with Client(allowed, user="ada") as ada:
        asyncio.run(send())
        assert sorted(argument for [argument] in said(*[ada] * 40)) == list(range(40))


def test_named_instance_is_used(allowed: Application) -> None:
    with pytest.raises(SendError) as raised:
        chat.on("contoso-lab").send_to_all("said")
    assert raised.value.status in {401, 403}
    assert "'contoso-lab'" in str(raised.value)
