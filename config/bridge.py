"""Django, which is a WSGI application here, behind an ASGI server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

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

# All of ASCII that an address may hold stays as it is.
_KEPT = "".join(map(chr, range(0x21, 0x7F)))


def asgi(django: WSGIApplication, *, threads: int) -> ASGI3Application:
    """Return Django as an ASGI application that answers in so many threads.

    Django's own ASGI handler makes a thread and a database connection for every request, and the
    project has no asynchronous view.
    """
    bridge = cast("ASGI3Application", WSGIMiddleware(cast("Any", django), workers=threads))

    async def application(
        scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        async def received() -> ASGIReceiveEvent:
            # The bridge wants a coroutine, and ASGI promises an awaitable.
            return await receive()

        await bridge(as_wsgi(scope) if scope["type"] == "http" else scope, received, send)

    return application


def as_wsgi(scope: HTTPScope) -> HTTPScope:
    """Return a scope without what a WSGI environment cannot tell apart or hold.

    Names with underscores would pass for those with hyphens. HTTP/2 may send cookies one by one,
    which are one header elsewhere (RFC 9113, section 8.2.3). A query is ASCII (RFC 3986).
    """
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    cookies = [value for name, value in headers if name == b"cookie"]
    if len(cookies) > 1:
        headers = [each for each in headers if each[0] != b"cookie"]
        headers.append((b"cookie", b"; ".join(cookies)))
    query = quote_from_bytes(scope["query_string"], safe=_KEPT).encode()
    return {**scope, "headers": headers, "query_string": query}
