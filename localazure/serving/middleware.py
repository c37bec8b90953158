"""The outermost layer: logs every request and applies its fault before the request is served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.faults import Fault
from localazure.serving.requests import whole_body
from localazure.world import World

_SWITCHING_PROTOCOLS = 101

# Cuts the connection of the request with this scope.
Abort = Callable[[Scope], None]


class Wire:
    """ASGI middleware around the whole application; it does not apply to the control plane."""

    def __init__(self, app: ASGIApp, world: World, abort: Abort) -> None:
        self._app = app
        self._world = world
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] == "websocket":
            await self._upgrade(scope, receive, send)
        elif scope["type"] != "http" or scope["path"].startswith("/_local"):
            await self._app(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await whole_body(receive)
        except ClientDisconnect:
            # An incomplete request is neither served nor logged.
            return
        entry = self._world.journal.open(scope, scope["method"])
        entry.keep_body(body)

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    entry.served = message["status"]
                await send(message)

            await self._app(scope, receive, noted)

        fault = self._world.faults.next_for(scope["method"], scope["path"])
        if fault is None:
            await serve(scope, _replay(body, receive), logged)
        else:
            await self._fail(fault, serve, scope, _replay(body, receive), logged)

    async def _upgrade(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket: logged as a GET; a fault applies before the upgrade."""
        entry = self._world.journal.open(scope, "GET")

        async def logged(message: Message) -> None:
            if message["type"] == "websocket.accept":
                entry.status = entry.served = _SWITCHING_PROTOCOLS
            elif message["type"] == "websocket.http.response.start":
                entry.status = message["status"]
            await send(message)

        fault = self._world.faults.next_for("GET", scope["path"])
        if fault is not None and not await self._delayed(fault):
            self._abort(scope)
            return
        if fault is None or not fault.replaces_response:
            await self._app(scope, receive, logged)
        elif fault.drop:
            self._abort(scope)
        else:
            for message in (
                _start(fault),
                {"type": "http.response.body", "body": _text(fault.body)},
            ):
                await logged({**message, "type": f"websocket.{message['type']}"})

    async def _fail(
        self, fault: Fault, serve: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not await self._delayed(fault):
            self._abort(scope)
            return
        if not fault.replaces_response:
            await serve(scope, receive, _with_headers(send, fault.headers))
            return
        if fault.after:
            await serve(scope, receive, _unsent)
        if fault.drop:
            self._abort(scope)
            return
        await send(_start(fault))
        await send({"type": "http.response.body", "body": _text(fault.body)})

    async def _delayed(self, fault: Fault) -> bool:
        """Wait for the fault's delay; return False if the state is reset meanwhile."""
        if not fault.delay:
            return True
        try:
            await asyncio.wait_for(self._world.cleared.wait(), fault.delay)
        except TimeoutError:
            return True
        return False


def _with_headers(send: Send, headers: dict[str, str]) -> Send:
    """Add headers to the response."""
    added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def extended(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return extended


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


async def _unsent(_message: Message) -> None:
    """Discard an answer that the client does not get."""


def _start(fault: Fault) -> Message:
    headers = {"content-type": "application/json"} | fault.headers
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": fault.status, "headers": encoded}


def _text(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
