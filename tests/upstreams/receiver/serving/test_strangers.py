"""Who has to wait for whom, behind an ASGI server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.conftest import Tokens, plant_rows
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from upstreams.receiver import Hub
from upstreams.receiver.serving.asgi import ReceiverFirst
from upstreams.receiver.testing import installed_hubs

# Its threads read what is committed.
pytestmark = pytest.mark.django_db(transaction=True)

# More than may wait.
_CROWD = 70


class Door:
    """Where tokens that nobody remembers are looked at for as long as the door is closed."""

    is_open = threading.Event()
    is_reached = threading.Event()

    @classmethod
    def checked(cls, _seconds: float, _verdict: Any) -> None:
        """Be told of a token that was checked: the setting `VALIDATION["OBSERVER"]`."""
        cls.is_reached.set()
        assert cls.is_open.wait(30)


observed = Door.checked


@pytest.fixture
def door(
    token: Tokens, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[type[Door]]:
    """A project with one hub, which receives for the seed's instance."""
    settings.VALIDATION = settings.VALIDATION | {"OBSERVER": f"{__name__}.observed"}
    # A test database cannot be deleted while a thread is connected.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    Door.is_open.set()
    Door.is_reached.clear()
    plant_rows()
    hub = Hub("chat")
    hub.message("echo")(lambda _request, text: text)
    with installed_hubs(hub):
        yield Door


async def others(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("The receiver answers all of these.")


Answer = tuple[int, str]
Call = Callable[..., Awaitable[Answer]]


def receiving(main: Callable[[Call], Coroutine[Any, Any, None]]) -> None:
    """Run `main` with a function that sends a call with a token: its status and code, if any."""
    application: Any = ReceiverFirst(others, name=lambda _given: "new", threads=1)

    async def call(bearer: str, *, comes: Awaitable[Any] | None = None) -> Answer:
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
            if comes is not None:
                await comes
            return {"type": "http.request", "body": json_call(["hi"]), "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            found.append(message)

        await application(scope, receive, send)
        start, body = found
        is_problem = (b"content-type", b"application/problem+json") in start["headers"]
        return start["status"], json.loads(body["body"])["code"] if is_problem else ""

    asyncio.run(main(call))


async def reached(door: type[Door]) -> None:
    assert await asyncio.to_thread(door.is_reached.wait, 30)


def test_who_was_accepted_does_not_wait_for_strangers(door: type[Door], token: Tokens) -> None:
    known, stranger = token(), token(claims={"uti": "another"})

    async def main(call: Call) -> None:
        assert await call(known) == (200, "")
        door.is_open.clear()
        door.is_reached.clear()
        slow = asyncio.ensure_future(call(stranger))
        await reached(door)
        refused = asyncio.ensure_future(call("a.b.c"))
        assert [await call(known) for _ in range(9)] == [(200, "")] * 9
        assert not slow.done()
        assert not refused.done()
        door.is_open.set()
        assert await slow == (200, "")
        assert await refused == (401, "bad_base64url")

    receiving(main)


def test_so_many_strangers_wait_and_no_more(door: type[Door], token: Tokens) -> None:
    stranger = token()

    async def main(call: Call) -> None:
        door.is_open.clear()
        slow = asyncio.ensure_future(call(stranger))
        await reached(door)
        crowd = [asyncio.ensure_future(call("a.b.c")) for _ in range(_CROWD)]
        turned_away = [await each for each in crowd[64:]]
        assert turned_away == [(503, "strangers_waiting")] * (_CROWD - 64)
        assert not any(each.done() for each in crowd[:64])
        door.is_open.set()
        assert await slow == (200, "")
        assert {await each for each in crowd[:64]} == {(401, "bad_base64url")}

    receiving(main)


def test_nobody_waits_for_a_body_that_does_not_come(door: type[Door], token: Tokens) -> None:
    bearer = token()

    async def main(call: Call) -> None:
        comes: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        slow = asyncio.ensure_future(call(bearer, comes=asyncio.shield(comes)))
        # A stranger is refused without a look at the body.
        never = asyncio.get_running_loop().create_future()
        assert await call("a.b.c", comes=never) == (401, "bad_base64url")
        assert await call(bearer) == await call(token(claims={"uti": "2"})) == (200, "")
        assert not slow.done()
        comes.set_result(None)
        assert await slow == (200, "")

    receiving(main)


def test_a_sender_whose_token_is_refused_is_a_stranger_again(
    door: type[Door], token: Tokens
) -> None:
    bearer = token()

    async def main(call: Call) -> None:
        assert await call(bearer) == (200, "")
        await asyncio.to_thread(give_another_identity)
        # Once by the thread for those who are known, and from then on by the strangers'.
        assert await call(bearer) == (401, "wrong_principal")
        door.is_open.clear()
        door.is_reached.clear()
        again = asyncio.ensure_future(call(bearer))
        await reached(door)
        assert not again.done()
        door.is_open.set()
        assert await again == (401, "wrong_principal")

    receiving(main)


def give_another_identity() -> None:
    try:
        identity = SignalRInstance.objects.get(name=seed.CHAT).identity
        identity.principal_id = "99999999-0000-4000-8000-000000000009"
        identity.save()
    finally:
        connections.close_all()
