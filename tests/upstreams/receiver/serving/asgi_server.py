"""Calls the receiver's ASGI application as a server does, in the process of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from upstreams.receiver.serving.application import ReceiverApplication

Message = dict[str, Any]


def scope(path: str = HERE, method: str = "POST", **headers: str) -> Any:
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


def call_scope(bearer: str, path: str = HERE, **headers: str) -> Any:
    """Return the scope of an invocation of `echo`."""
    found = [(name.lower().encode(), value.encode()) for name, value in sent(bearer)]
    return scope(path, **headers) | {"headers": [*found, *scope(**headers)["headers"]]}


async def others(scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "others", "scope": scope})


class Response:
    """A response as the ASGI server gets it."""

    def __init__(self, messages: list[Message]) -> None:
        start, body = messages
        self.status: int = start["status"]
        self.headers = dict(start["headers"])
        self.body: bytes = body["body"]

    @property
    def code(self) -> str:
        """The problem's code, or an empty string."""
        is_problem = self.headers[b"content-type"] == b"application/problem+json"
        return str(json.loads(self.body)["code"]) if is_problem else ""


class Server:
    """Calls the application as an ASGI server does."""

    def __init__(self, threads: int = 2) -> None:
        self.application: Any = ReceiverApplication(others, threads=threads)

    async def messages(self, request: Any, body: Any = None) -> list[Message]:
        """Return what the application sends; `body` is awaited for the request's body."""
        messages: list[Message] = []

        async def receive() -> Message:
            content = json_call(["hi"]) if body is None else await body
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self.application(request, receive, send)
        return messages

    async def call(self, bearer: str, body: Any = None, **headers: str) -> Response:
        """Send an invocation of `echo`."""
        return Response(await self.messages(call_scope(bearer, **headers), body))


def run(main: Callable[[Server], Coroutine[Any, Any, None]], threads: int = 2) -> None:
    """Run `main` in an event loop, with a server."""
    asyncio.run(main(Server(threads)))


def answered(request: Any) -> list[Message]:
    """Return what the application sends."""
    return asyncio.run(Server().messages(request))
