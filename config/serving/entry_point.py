"""The ASGI application that the web server calls first: it chooses who answers a request.

Health checks and metrics are answered here, for any `Host`: orchestrators and Prometheus send a
pod's address. They do not wait for the portal's threads.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from upstreams.receiver.serving.headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from asgiref.typing import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        HTTPScope,
        Scope,
    )

View = Callable[[HttpRequest], HttpResponse]

# Threads for each view, and how long a request waits for its response.
_THREADS: Final = 2
_SECONDS: Final = 8.0
_LIVE: Final = json.dumps({"status": "live"}).encode()
_NOT_SERVED: Final = json.dumps(
    {"status": 404, "detail": "The SIGNALMAN_WEB_ROLE of this process does not include this URL."}
).encode()
# HTTP/2 compresses a hundred thousand headers into as many bytes, and reading them takes seconds.
_MAX_HEADERS: Final = 200
_TOO_MANY_HEADERS: Final = json.dumps(
    {"status": 431, "detail": f"The request has more than {_MAX_HEADERS} headers."}
).encode()
_SAFE: Final = frozenset({"GET", "HEAD"})


class EntryPoint:
    """Answers `/livez` itself, the paths of `probes` by their views, and passes on the rest.

    `/livez` says that the event loop runs, and waits for nothing. A request with too many headers
    is refused with 431 (RFC 6585).
    """

    def __init__(self, others: ASGI3Application, *, probes: Mapping[str, View]) -> None:
        self._others: Final = others
        self._probes: Final = {path: Probe(view) for path, view in probes.items()}

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] == "http":
            headers: Any = scope["headers"]
            if len(headers) > _MAX_HEADERS:
                return await _send(scope, send, _json(431, _TOO_MANY_HEADERS))
            path = scope["path"]
            if path == "/livez" and scope["method"] in _SAFE:
                return await _send(scope, send, _json(200, _LIVE))
            if (probe := self._probes.get(path)) is not None:
                return await _send(scope, send, await probe.response(scope))
        return await self._others(scope, receive, send)


class NotServed:
    """Answers 404 to upstream requests and to other readiness probes, and passes on the rest.

    Without an application to pass them to, it answers 404 to all requests.
    """

    def __init__(self, others: ASGI3Application | None = None) -> None:
        self._others: Final = others

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if self._others is None or (scope["type"] == "http" and self._is_other_role(scope["path"])):
            if scope["type"] == "http":
                await _send(scope, send, _json(404, _NOT_SERVED))
            return
        await self._others(scope, receive, send)

    @staticmethod
    def _is_other_role(path: str) -> bool:
        return path.startswith(("/upstream/", "/readyz/"))


class Probe:
    """A view with threads and a time limit of its own; Django's middleware is not called."""

    def __init__(self, view: View, *, seconds: float = _SECONDS) -> None:
        self._view: Final = view
        self._seconds: Final = seconds
        self._executor: Final = ThreadPoolExecutor(_THREADS, thread_name_prefix="probe")
        self._running = 0

    async def response(self, scope: HTTPScope) -> HttpResponse:
        """Return the view's response, or 503 where it takes too long or its threads are busy."""
        if self._running >= _THREADS:
            return _json(503, json.dumps({"status": "busy"}).encode())
        self._running += 1
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        # Not a task: a view that hangs continues in its thread.
        found = loop.run_in_executor(self._executor, context.run, self._run, scope)
        found.add_done_callback(self._note_end)
        try:
            return await asyncio.wait_for(asyncio.shield(found), self._seconds)
        except TimeoutError:
            return _json(503, json.dumps({"status": "timed out"}).encode())

    def _run(self, scope: HTTPScope) -> HttpResponse:
        close_old_connections()
        try:
            return self._view(ASGIRequest(dict(scope), BytesIO()))
        finally:
            close_old_connections()

    def _note_end(self, found: asyncio.Future[HttpResponse]) -> None:
        self._running -= 1
        if not found.cancelled():
            # Retrieved, so that asyncio does not log it as never retrieved.
            found.exception()


def _json(status: int, body: bytes) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")


async def _send(scope: HTTPScope, send: ASGISendCallable, response: HttpResponse) -> None:
    body = response.content
    response["Content-Length"] = str(len(body))
    response["Cache-Control"] = "no-store"
    own = ((name.lower().encode(), value.encode()) for name, value in response.items())
    headers = [*own, *SECURITY_HEADERS]
    start: Any = {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers,
        "trailers": False,
    }
    await send(start)
    body = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _lifespan(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
