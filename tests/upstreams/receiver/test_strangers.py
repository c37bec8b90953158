"""Who has to wait for whom, behind an ASGI server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest
from django.db import connections

from localazure import seed
from tests.upstreams.receiver.conftest import Tokens, plant_rows
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from upstreams.receiver import Hub
from upstreams.receiver.asgi import ReceiverFirst
from upstreams.receiver.testing import installed_hubs

# Its threads read what is committed.
pytestmark = pytest.mark.django_db(transaction=True)

# More than may wait.
_CROWD = 70


class Door:
    """The hub's method `echo`, which answers at once, or when the door is opened."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_entered = threading.Event()
        self.is_open.set()

    def hub(self) -> Hub:
        hub = Hub("chat")

        @hub.message("echo")
        def echo(_request: Any, text: str) -> str:
            self.is_entered.set()
            assert self.is_open.wait(30)
            return text

        return hub


@pytest.fixture
def door(token: Tokens, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A project with one hub, which receives for the seed's instance."""
    # A test database cannot be deleted while a thread is connected.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    plant_rows()
    door = Door()
    with installed_hubs(door.hub()):
        yield door


async def others(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("The receiver answers all of these.")


Call = Callable[[str], Awaitable[tuple[int, str]]]


def receiving(main: Callable[[Call], Coroutine[Any, Any, None]]) -> None:
    """Run `main` with a function that sends a call with a token: its status and code, if any."""
    application: Any = ReceiverFirst(others, name=lambda _given: "new", threads=1)

    async def call(bearer: str) -> tuple[int, str]:
        found: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": HERE,
            "query_string": b"",
            "scheme": "http",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent(bearer)],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json_call(["hi"]), "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            found.append(message)

        await application(scope, receive, send)
        start, body = found
        is_problem = (b"content-type", b"application/problem+json") in start["headers"]
        return start["status"], json.loads(body["body"])["code"] if is_problem else ""

    asyncio.run(main(call))


async def entered(door: Door) -> None:
    assert await asyncio.to_thread(door.is_entered.wait, 30)


def test_who_was_accepted_does_not_wait_for_strangers(door: Door, token: Tokens) -> None:
    known, stranger = token(), token(claims={"uti": "another"})

    async def main(call: Call) -> None:
        assert await call(known) == (200, "")
        door.is_entered.clear()
        door.is_open.clear()
        slow = asyncio.ensure_future(call(stranger))
        await entered(door)
        refused = asyncio.ensure_future(call("a.b.c"))
        door.is_entered.clear()
        quick = asyncio.ensure_future(call(known))
        # It has a thread, while the stranger keeps the others'.
        await entered(door)
        assert not refused.done()
        door.is_open.set()
        assert await quick == await slow == (200, "")
        assert await refused == (401, "bad_base64url")

    receiving(main)


def test_so_many_strangers_wait_and_no_more(door: Door, token: Tokens) -> None:
    stranger = token()

    async def main(call: Call) -> None:
        door.is_open.clear()
        slow = asyncio.ensure_future(call(stranger))
        await entered(door)
        crowd = [asyncio.ensure_future(call("a.b.c")) for _ in range(_CROWD)]
        turned_away = [await each for each in crowd[64:]]
        assert turned_away == [(503, "strangers_waiting")] * (_CROWD - 64)
        assert not any(each.done() for each in crowd[:64])
        door.is_open.set()
        assert await slow == (200, "")
        assert {await each for each in crowd[:64]} == {(401, "bad_base64url")}

    receiving(main)


def test_a_sender_whose_token_is_refused_from_now_on_is_a_stranger_again(
    door: Door, token: Tokens
) -> None:
    bearer = token()

    async def main(call: Call) -> None:
        assert await call(bearer) == (200, "")
        assert await call(bearer + "A") != (200, "")
        await asyncio.to_thread(seal)
        assert await call(bearer) == (401, "wrong_principal")

    receiving(main)


def seal() -> None:
    """Give the instance another identity."""
    from identities.models import SignalRInstance  # noqa: PLC0415

    try:
        identity = SignalRInstance.objects.get(name=seed.CHAT).identity
        identity.principal_id = "99999999-0000-4000-8000-000000000009"
        identity.save()
    finally:
        connections.close_all()
