"""An ASGI application that does nothing: 202 to each request, and an echo on each WebSocket."""

from __future__ import annotations

from typing import Any

from starlette.types import Receive, Scope, Send


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request, one WebSocket, or the server's start and end."""
    serve = {"lifespan": _lifespan, "websocket": _echo}.get(scope["type"], _accept)
    await serve(receive, send)


async def _accept(receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": message["text"]})


async def _lifespan(receive: Receive, send: Send) -> None:
    message: dict[str, Any] = {}
    while message.get("type") != "lifespan.shutdown":
        message = dict(await receive())
        await send({"type": f"{message['type']}.complete"})
