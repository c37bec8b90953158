"""The least that an application behind ASGI can do: it reads the body and returns a constant."""

from __future__ import annotations

from typing import Any, Final

ANSWER: Final = b'{"type":3,"invocationId":"7","result":"hello"}\x1e'

_HEADERS: Final = [
    (b"content-type", b"application/octet-stream"),
    (b"content-length", b"%d" % len(ANSWER)),
]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer what every contender answers."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
