"""Takes upstream requests from an ASGI server, which hands on headers as the bytes they came in.

The service sends user ids, claims and event names as UTF-8. Not every WSGI server passes those on.
"""

from __future__ import annotations

from asyncio import get_running_loop, run_coroutine_threadsafe, sleep
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from upstreams.receiver.protocol import responses
from upstreams.receiver.protocol.errors import ProtocolError
from upstreams.receiver.protocol.paths import instance_of
from upstreams.receiver.protocol.responses import Answer
from upstreams.receiver.serving import processing
from upstreams.receiver.serving.request_head import Head, attended, headers_of
from upstreams.receiver.serving.threads import Threads

if TYPE_CHECKING:
    from asgiref.typing import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        HTTPScope,
        Scope,
    )


# How long a part of a body may take to come, for which a thread waits.
_PART_SECONDS: Final = 10.0
# Requests of unknown senders that wait at most.
_MOST_STRANGERS: Final = 64
_OVERFLOW_SECONDS: Final = 1.0
_TOO_MANY: Final = responses.problem(
    503,
    "strangers_waiting",
    "Too many requests of unknown senders wait here. Try again.",
    headers=(("Retry-After", "1"),),
)


class ReceiverFirst:
    """An ASGI application that answers what is sent to the receiver, and passes on everything else.

    Handlers are plain functions that may wait for a database, so requests are answered in
    `threads`, each of which answers one at a time. Whether senders that nobody knows yet may come
    in is found out in one thread more, which rests after each refusal: whatever strangers send, and
    however long their keys are looked for, it delays nobody who was accepted before.

    `name` makes a request's id of the `X-Request-ID` that came with it.
    """

    def __init__(
        self, others: ASGI3Application, *, name: Callable[[str], str], threads: int
    ) -> None:
        self._others: Final = others
        self._name: Final = name
        self._known: Final = KnownSenders()
        self._for_known: Final[Threads[Answer]] = Threads(threads)
        self._for_strangers: Final[Threads[Answer | None]] = Threads(1, is_tiring=_is_refusal)

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        instance = instance_of(scope["path"]) if scope["type"] == "http" else None
        if scope["type"] != "http" or instance is None:
            return await self._others(scope, receive, send)
        head = _head(scope)
        if head.is_turned_away:
            return await self._others(scope, receive, send)
        name = self._name(head.META.get("HTTP_X_REQUEST_ID", ""))
        sender = hash(head.META.get("HTTP_AUTHORIZATION"))
        refusal = None if sender in self._known else await self._admit(head, instance, name)
        if refusal is None:
            self._known.add(sender)
            body = Body(receive, head.META.get("CONTENT_LENGTH", ""))
            await body.begin()
            answer = await self._for_known.run(
                lambda: attended(head, name, lambda: processing.receive(head, instance, body.read))
            )
        else:
            answer = refusal
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._known.discard(sender)
        await _respond(send, answer, name)
        return None

    async def _admit(self, head: Head, instance: str, name: str) -> Answer | None:
        if self._for_strangers.waiting >= _MOST_STRANGERS:
            # Whoever sends the next as soon as this one is answered shall not be quick.
            await sleep(_OVERFLOW_SECONDS)
            return processing.turn_away(_TOO_MANY)
        return await self._for_strangers.run(
            lambda: attended(head, name, lambda: processing.admit(head, instance))
        )


class KnownSenders:
    """Whose requests were accepted, by a hash of the token: it says who waits with whom, no more.

    For one event loop.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most: Final = most
        self._senders: set[int] = set()

    def __contains__(self, sender: int) -> bool:
        """Say whether a request of this sender was accepted."""
        return sender in self._senders

    def add(self, sender: int) -> None:
        """Take note of a sender that was accepted."""
        if sender not in self._senders and len(self._senders) >= self._most:
            # Whoever still sends is back at once.
            self._senders.clear()
        self._senders.add(sender)

    def discard(self, sender: int) -> None:
        """Take note of a sender whose token was refused."""
        self._senders.discard(sender)


class Body:
    """A request's body, the first part of which is there when a thread begins to answer.

    Whatever is larger waits with the server until a thread asks for it, which it does once it knows
    who sends it. A thread waits for a part for so many `seconds`.
    """

    def __init__(
        self, receive: ASGIReceiveCallable, length: str, *, seconds: float = _PART_SECONDS
    ) -> None:
        self._receive: Final = receive
        self._seconds: Final = seconds
        self._length: Final = length
        self._loop: Final = get_running_loop()
        self._found = b""
        self._is_whole = length == "0"
        self._is_cut_off = False

    async def begin(self) -> None:
        """Wait for the first part."""
        if not self._is_whole:
            await self._more()

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; for a thread other than the loop's. Raises ProtocolError."""
        while not self._is_whole and len(self._found) < size:
            if self._is_cut_off:
                raise ProtocolError("body_incomplete", "The body ended before its length.")
            coming = run_coroutine_threadsafe(self._more(), self._loop)
            try:
                coming.result(self._seconds)
            except TimeoutError:
                coming.cancel()
                self._is_cut_off = True
        return self._found[:size]

    async def _more(self) -> None:
        message = await self._receive()
        if message["type"] != "http.request":
            self._is_cut_off = True
            return
        self._found += message["body"]
        # Servers may say that there is more until they are asked once more.
        self._is_whole = not message["more_body"] or str(len(self._found)) == self._length


def _head(scope: HTTPScope) -> Head:
    headers = cgi_headers(scope["headers"])
    headers["QUERY_STRING"] = scope["query_string"].decode("latin-1")
    return Head(scope["method"], scope["path"], scope["scheme"], headers)


def cgi_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Return headers by their CGI names, decoded as latin-1, those that came twice with a comma.

    Source: RFC 3875, section 4.1.18; RFC 9110, section 5.2. A name with an underscore is left out:
    it would pass for the one with a hyphen.
    """
    found: dict[str, Any] = {}
    for raw, value in headers:
        name = _cgi_name(raw)
        text = value.decode("latin-1")
        found[name] = text if name not in found else f"{found[name]},{text}"
    found.pop("", None)
    return found


@lru_cache(maxsize=256)
def _cgi_name(raw: bytes) -> str:
    if b"_" in raw:
        return ""
    name = raw.decode("latin-1").upper().replace("-", "_")
    return name if name in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{name}"


@lru_cache(maxsize=16)
def _wire_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


def _is_refusal(answer: Answer | None) -> bool:
    return answer is not None


async def _respond(send: ASGISendCallable, answer: Answer, name: str) -> None:
    headers = [
        (_wire_name(key), value.encode("latin-1")) for key, value in headers_of(answer, name)
    ]
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": headers,
            "trailers": False,
        }
    )
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
