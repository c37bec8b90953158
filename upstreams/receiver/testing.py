"""A client for the tests of a project's hubs: everything is real except HTTP and tokens.

    client = HubTestClient(chat, user_id="ann")
    client.connect()
    assert client.invoke("echo", "hi") == "hi"
    assert client.sent[0].operation == "send_to_all"

What handlers send is recorded in `client.sent`. Outside of handlers, `recorded_calls` records it.

In an asynchronous test, `await client.ainvoke(...)` and its siblings do the same on the event
loop of the test.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

import msgpack

from upstreams.receiver.hubs.discovery import install
from upstreams.receiver.hubs.dispatch import adispatch, dispatch
from upstreams.receiver.hubs.errors import HubError
from upstreams.receiver.hubs.hub import Hub, Registry
from upstreams.receiver.protocol.incoming_bodies import Format
from upstreams.receiver.protocol.limits import Limits
from upstreams.receiver.protocol.requests import UpstreamRequest, read_request, read_route
from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.sender.context import using
from upstreams.sender.testing import Recorder, Sent, recorded_calls

__all__ = ["HubTestClient", "Recorder", "Sent", "installed_hubs", "recorded_calls"]

_CONTENT_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "messagepack": "application/x-msgpack",
}
_ERROR, _RESULT = 1, 3
_MORE_FOLLOWS: Final = 0x80


class HubTestClient:
    """One client's connection to one hub. What it sends is encoded, parsed and dispatched.

    `recorder` records what handlers send, and decides how the service answers.
    """

    def __init__(
        self,
        *hubs: Hub,
        hub: str | None = None,
        user_id: str | None = None,
        claims: Iterable[tuple[str, str]] = (),
        query: Iterable[tuple[str, str]] = (),
        protocol: Format = "json",
    ) -> None:
        """Connect to `hub`, by default to the first of `hubs`."""
        self.recorder = Recorder()
        self._registry = Registry(hubs)
        self._protocol = protocol
        self._headers = {
            "HTTP_X_ASRS_HUB": hub or hubs[0].name,
            "HTTP_X_ASRS_CONNECTION_ID": "test-connection",
        }
        # The service leaves out headers that would be empty.
        if fields := urlencode(list(query)):
            self._headers["HTTP_X_ASRS_CLIENT_QUERY"] = f"?{fields}"
        if user_id:
            self._headers["HTTP_X_ASRS_USER_ID"] = _latin(user_id)
        if pairs := ", ".join(f"{name}: {value}" for name, value in claims):
            self._headers["HTTP_X_ASRS_USER_CLAIMS"] = _latin(pairs)

    @property
    def sent(self) -> list[Sent]:
        """The calls that handlers made, in order."""
        return self.recorder.sent

    def connect(self) -> UpstreamResponse:
        """Send `connected` and return the response."""
        return self._dispatch(self._connected())

    async def aconnect(self) -> UpstreamResponse:
        """Send `connected` and return the response."""
        return await self._adispatch(self._connected())

    def disconnect(self, error: str | None = None) -> UpstreamResponse:
        """Send `disconnected`, with what ended the connection, and return the response."""
        return self._dispatch(self._disconnected(error))

    async def adisconnect(self, error: str | None = None) -> UpstreamResponse:
        """Send `disconnected`, with what ended the connection, and return the response."""
        return await self._adispatch(self._disconnected(error))

    def send(self, target: str, *arguments: object) -> UpstreamResponse:
        """Call a method without waiting for its result, and return the response."""
        return self._dispatch(self._message(target, None, arguments))

    async def asend(self, target: str, *arguments: object) -> UpstreamResponse:
        """Call a method without waiting for its result, and return the response."""
        return await self._adispatch(self._message(target, None, arguments))

    def invoke(self, target: str, *arguments: object) -> Any:
        """Call a method and return its result. Raises HubError with the client's error message."""
        return self._result(self._dispatch(self._message(target, "0", arguments)))

    async def ainvoke(self, target: str, *arguments: object) -> Any:
        """Call a method and return its result. Raises HubError with the client's error message."""
        return self._result(await self._adispatch(self._message(target, "0", arguments)))

    def _connected(self) -> UpstreamRequest:
        return self._connection_event("connected", {"type": 10})

    def _disconnected(self, error: str | None) -> UpstreamRequest:
        return self._connection_event("disconnected", {"Type": 11, "Error": error})

    def _message(
        self, target: str, invocation_id: str | None, arguments: tuple[object, ...]
    ) -> UpstreamRequest:
        if self._protocol == "messagepack":
            frame = [1, {}, invocation_id, target, list(arguments)]
            body: bytes = msgpack.packb(frame, datetime=True)
        else:
            message = {"type": 1, "target": target, "arguments": arguments}
            body = json.dumps(
                message | ({"invocationId": invocation_id} if invocation_id else {})
            ).encode()
        return self._request("messages", target, body, _CONTENT_TYPES[self._protocol])

    def _connection_event(self, event: str, message: dict[str, object]) -> UpstreamRequest:
        return self._request(
            "connections", event, json.dumps(message).encode(), _CONTENT_TYPES["json"]
        )

    def _request(
        self, category: str, event: str, body: bytes, content_type: str
    ) -> UpstreamRequest:
        headers = self._headers | {
            "HTTP_X_ASRS_CATEGORY": category,
            "HTTP_X_ASRS_EVENT": _latin(event),
            "CONTENT_TYPE": content_type,
        }
        return read_request(read_route(headers), headers, body)

    def _dispatch(self, request: UpstreamRequest) -> UpstreamResponse:
        with using(self.recorder):
            return dispatch(request, self._registry, Limits())

    async def _adispatch(self, request: UpstreamRequest) -> UpstreamResponse:
        with using(self.recorder):
            return await adispatch(request, self._registry, Limits(), None, asyncio.to_thread)

    def _result(self, response: UpstreamResponse) -> Any:
        completion = self._completion(response.body)
        # Real clients treat an error without text as no error.
        if error := completion.get("error"):
            raise HubError(error)
        return completion.get("result")

    def _completion(self, body: bytes) -> dict[str, Any]:
        if self._protocol == "json":
            completion: dict[str, Any] = json.loads(body.removesuffix(b"\x1e"))
            return completion
        _, _, _, kind, *value = msgpack.unpackb(body[_prefix_length(body) :], timestamp=3)
        return {{_ERROR: "error", _RESULT: "result"}.get(kind, "void"): value[0] if value else None}


@contextmanager
def installed_hubs(*hubs: Hub) -> Iterator[None]:
    """Make the receiver use `hubs` instead of the hubs of the project's apps."""
    before = install(Registry(hubs))
    try:
        yield
    finally:
        install(before)


def _latin(text: str) -> str:
    """Return `text` as a WSGI server gives the UTF-8 of a header."""
    return text.encode().decode("latin-1")


def _prefix_length(frame: bytes) -> int:
    return next(index for index, byte in enumerate(frame, start=1) if byte < _MORE_FOLLOWS)
