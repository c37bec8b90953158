"""What the receiver makes of an ASGI server's requests, and what it leaves to others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from observability.context import current_request_id
from upstreams.receiver.protocol.errors import ProtocolError
from upstreams.receiver.serving.asgi import Body, KnownSenders, ReceiverFirst, cgi_headers
from upstreams.receiver.serving.threads import Threads

Message = dict[str, Any]


def scope(path: str = "/upstream/chat/", method: str = "POST", **headers: str) -> Any:
    """Return a request's scope; `_` stands for `-`."""
    found = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "headers": found,
    }


async def others(scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "others", "scope": scope})


def answered(request: Any) -> list[Message]:
    """Return what the application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    application: Any = ReceiverFirst(others, name=lambda given: given or "new", threads=1)
    asyncio.run(application(request, receive, send))
    return sent


@pytest.mark.parametrize(
    "path", ["/", "/upstream", "/upstream/", "/upstream/chat", "/upstream//", "/x/upstream/chat/"]
)
def test_what_is_not_the_receivers_is_passed_on(path: str) -> None:
    request = scope(path)
    assert answered(request) == [{"type": "others", "scope": request}]


def test_what_is_no_request_is_passed_on() -> None:
    request = {"type": "lifespan"}
    assert answered(request) == [{"type": "others", "scope": request}]


def test_what_came_in_the_clear_is_passed_on_where_https_is_demanded(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    turned_away = [scope(), scope(x_forwarded_proto="http"), scope(x_forwarded_proto="http, https")]
    assert [answered(each)[0]["type"] for each in turned_away] == ["others"] * 3
    received = [scope(method="GET") | {"scheme": "https"}]
    received += [scope(method="GET", x_forwarded_proto=each) for each in ("https", "https, http")]
    assert [answered(each)[0].get("status") for each in received] == [405] * 3


def test_an_answer_is_one_message_of_headers_and_one_of_the_body() -> None:
    start, body = answered(scope(method="GET", x_request_id="deploy-7"))
    assert start["status"] == 405
    assert dict(start["headers"]) == {
        b"allow": b"POST",
        b"content-type": b"application/problem+json",
        b"content-length": str(len(body["body"])).encode(),
        b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
        b"x-request-id": b"deploy-7",
    }
    assert b'"code": "method_not_allowed"' in body["body"]
    assert current_request_id() == ""


def test_headers_have_their_cgi_names_and_keep_their_bytes() -> None:
    found = cgi_headers(
        [
            (b"content-type", b"application/json"),
            (b"content-length", b"7"),
            (b"x-asrs-user-id", "änn".encode()),
            (b"x-asrs-hub", b"chat"),
            (b"x_asrs_hub", b"game"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
        ]
    )
    assert found == {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "7",
        "HTTP_X_ASRS_USER_ID": "änn".encode().decode("latin-1"),
        "HTTP_X_ASRS_HUB": "chat",
        "HTTP_COOKIE": "a=1,b=2",
    }


class Sender:
    """A client that sends a body in parts, and then nothing more."""

    def __init__(self, parts: Iterable[bytes], *, is_cut_off: bool = False) -> None:
        self.parts = list(parts)
        self.asked = 0
        self._is_cut_off = is_cut_off

    async def receive(self) -> Message:
        self.asked += 1
        if self.parts:
            # As granian does, say that there is more until there is nothing.
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": True}
        if self._is_cut_off:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    def read(self, *sizes: int, length: str = "") -> list[bytes]:
        """Return what a thread reads of the body."""

        async def main() -> list[bytes]:
            receive: Any = self.receive
            body = Body(receive, length)
            await body.begin()
            return await asyncio.to_thread(lambda: [body.read(size) for size in sizes])

        return asyncio.run(main())


@given(parts=st.lists(st.binary(max_size=9), max_size=9), size=st.integers(0, 99))
def test_a_body_is_read_up_to_the_size_that_is_asked_for(parts: list[bytes], size: int) -> None:
    whole = b"".join(parts)
    assert Sender(parts).read(size, 99) == [whole[:size], whole]


def test_a_body_of_known_length_is_not_asked_for_again() -> None:
    sender = Sender([b"body"])
    assert sender.read(99, length="4") == [b"body"]
    assert sender.asked == 1
    nobody = Sender([])
    assert nobody.read(99, length="0") == [b""]
    assert nobody.asked == 0


def test_no_more_of_a_body_is_taken_than_is_asked_for() -> None:
    sender = Sender([b"12345"] * 9)
    assert sender.read(12) == [b"12345" * 2 + b"12"]
    assert len(sender.parts) == 6


@pytest.mark.parametrize("parts", [[], [b"123"]])
def test_a_body_that_ends_early_is_refused(parts: list[bytes]) -> None:
    with pytest.raises(ProtocolError, match="ended before its length"):
        Sender(parts, is_cut_off=True).read(99, length="5")


def test_a_body_that_stops_coming_is_refused() -> None:
    parts = [b"123"]

    async def receive() -> Message:
        if not parts:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    async def main() -> bytes:
        taken: Any = receive
        body = Body(taken, "5", seconds=0.01)
        await body.begin()
        return await asyncio.to_thread(body.read, 99)

    with pytest.raises(ProtocolError, match="ended before its length"):
        asyncio.run(main())


def test_so_many_calls_are_made_at_once() -> None:
    barrier = threading.Barrier(3, timeout=30)

    async def main() -> list[int]:
        threads: Threads[int] = Threads(3)
        return await asyncio.gather(*(threads.run(barrier.wait) for _ in range(6)))

    assert sorted(asyncio.run(main())) == [0, 0, 1, 1, 2, 2]


def test_a_thread_rests_after_a_tiring_call_once_that_is_answered() -> None:
    rests: list[float] = []
    is_answered = threading.Event()

    def rest(seconds: float) -> None:
        assert is_answered.wait(30)
        rests.append(seconds)

    async def main() -> None:
        threads: Threads[str] = Threads(1, is_tiring="tiring".__eq__, rest=rest)
        await threads.run(lambda: "tiring")
        is_answered.set()
        await threads.run(lambda: "easy")
        await threads.run(lambda: "easy")

    asyncio.run(main())
    assert len(rests) == 1
    assert 0 < rests[0] <= 0.05


def test_senders_are_forgotten_before_there_are_too_many() -> None:
    known = KnownSenders(most=2)
    for sender in range(99):
        known.add(sender)
        assert sum(each in known for each in range(99)) <= 2
        assert sender in known
    known.discard(98)
    assert 98 not in known


def test_calls_that_wait_for_nothing_are_made_by_one_thread() -> None:
    async def main() -> list[int]:
        threads: Threads[int] = Threads(8, patience=60)
        # Each waits for the one before, so that none has to wait for a thread.
        return [await threads.run(threading.get_ident) for _ in range(100)]

    assert len(set(asyncio.run(main()))) == 1


def test_a_call_does_not_wait_for_one_that_waits_itself() -> None:
    end = threading.Event()

    async def main() -> list[str]:
        threads: Threads[str] = Threads(3, patience=0)

        def slow() -> str:
            assert end.wait(30)
            return "slow"

        waiting = [asyncio.ensure_future(threads.run(slow)) for _ in range(2)]
        found = [await threads.run(lambda: "quick") for _ in range(9)]
        end.set()
        return found + [await each for each in waiting]

    assert asyncio.run(main()) == ["quick"] * 9 + ["slow"] * 2


def test_what_a_call_raises_is_raised_to_whoever_waits_and_the_thread_goes_on() -> None:
    def fail() -> str:
        raise SystemExit("enough")

    async def main() -> str:
        threads: Threads[str] = Threads(1)
        with pytest.raises(RuntimeError, match="enough"):
            await threads.run(fail)
        return await threads.run(lambda: "next")

    assert asyncio.run(main()) == "next"


def test_nobody_has_to_wait_for_a_call_to_its_end() -> None:
    began, end = threading.Event(), threading.Event()

    async def main() -> str:
        threads: Threads[str] = Threads(1)

        def first() -> str:
            began.set()
            end.wait(30)
            return "first"

        waiting = asyncio.ensure_future(threads.run(first))
        await asyncio.to_thread(began.wait, 30)
        waiting.cancel()
        end.set()
        return await threads.run(lambda: "second")

    assert asyncio.run(main()) == "second"
