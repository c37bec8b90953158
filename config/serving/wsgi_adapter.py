"""Serves Django, a WSGI application here, from an ASGI server."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from upstreams.receiver.protocol.refusals import Refusal
from upstreams.receiver.serving.body import read_body
from upstreams.receiver.serving.headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from asgiref.typing import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGIReceiveEvent,
        ASGISendCallable,
        HTTPScope,
        Scope,
    )

# All of ASCII that an URL may hold stays as it is.
_KEPT: Final = "".join(map(chr, range(0x21, 0x7F)))


class WsgiAdapter:
    """An ASGI application that answers in at most `threads` threads.

    A thread is taken only once the whole body has arrived, which has to be within `body_seconds`
    and `body_bytes`. Django's own ASGI handler starts a thread and opens a database connection for
    each request, and the project's views are synchronous.
    """

    def __init__(
        self, django: WSGIApplication, *, threads: int, body_bytes: int, body_seconds: float
    ) -> None:
        adapter = WSGIMiddleware(cast("Any", django), workers=threads)
        self._adapter: Final = cast("ASGI3Application", adapter)
        self._body_bytes: Final = body_bytes
        self._body_seconds: Final = body_seconds

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] != "http":
            return await self._adapter(scope, receive, send)
        try:
            body = await self._body(scope, receive)
        except Refusal as refused:
            return await _refuse(send, refused)

        async def received() -> ASGIReceiveEvent:
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._adapter(as_wsgi(scope), received, send)

    async def _body(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> bytes:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"").decode("latin-1")
        if not length and b"transfer-encoding" not in headers and scope["http_version"] < "2":
            return b""
        return await read_body(
            receive, length, max_bytes=self._body_bytes, seconds=self._body_seconds
        )


async def _refuse(send: ASGISendCallable, refused: Refusal) -> None:
    text = f"{HTTPStatus(refused.status).phrase}. {refused}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"connection", b"close"),
        *SECURITY_HEADERS,
    ]
    await send(
        {
            "type": "http.response.start",
            "status": refused.status,
            "headers": headers,
            "trailers": False,
        }
    )
    await send({"type": "http.response.body", "body": text, "more_body": False})


def as_wsgi(scope: HTTPScope) -> HTTPScope:
    """Return a scope without what a WSGI environment cannot represent.

    Names with underscores would pass for those with hyphens. HTTP/2 may send cookies one by one,
    which are one header elsewhere (RFC 9113, section 8.2.3). A query is ASCII (RFC 3986). The body
    has been read, so its length is known.
    """
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    cookies = [value for name, value in headers if name == b"cookie"]
    if len(cookies) > 1:
        headers = [each for each in headers if each[0] != b"cookie"]
        headers.append((b"cookie", b"; ".join(cookies)))
    query = quote_from_bytes(scope["query_string"], safe=_KEPT).encode()
    return {**scope, "headers": headers, "query_string": query}
