"""Parts of a request, read from ASGI directly: the messages of clients cause many requests."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of that name in lower case; empty without one."""
    for one, value in scope["headers"]:
        if one == name:
            text: str = value.decode("latin-1")
            return text
    return ""


async def whole_body(receive: Receive) -> bytes:
    """Return the body. Raises ClientDisconnect if the client disconnects before it is complete."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
