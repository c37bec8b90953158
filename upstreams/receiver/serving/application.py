"""The ASGI application that receives upstream requests.

It decides on the event loop: that is work in memory of some tens of microseconds. Coroutine
functions run on the loop as well, handlers that are plain functions in threads. Upstream requests
pass no middleware and send no `request_started` or `request_finished`, which would take longer than
everything else. An ASGI server hands on headers as the bytes that arrived: the service sends user
IDs, claims and event names as UTF-8.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final

from django.conf import settings

from observability.correlation_ids import request_id
from observability.request_ids import request_name
from upstreams.receiver.configuration import configuration
from upstreams.receiver.protocol.errors import InsecureRequest
from upstreams.receiver.protocol.paths import instance_of
from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.receiver.serving import pipeline
from upstreams.receiver.serving.body import read_body
from upstreams.receiver.serving.database_connections import AsyncConnections
from upstreams.receiver.serving.handler_threads import HandlerThreads
from upstreams.receiver.serving.headers import Head, response_headers

if TYPE_CHECKING:
    from asgiref.typing import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        HTTPScope,
        Scope,
    )


class ReceiverApplication:
    """Answers requests for the receiver, and passes all others to the application `others`.

    At most `threads` handlers that are plain functions run at once.
    """

    def __init__(self, others: ASGI3Application, *, threads: int) -> None:
        self._others: Final = others
        self._threads: Final = HandlerThreads(threads)
        self._connections: Final = AsyncConnections()

    def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> Awaitable[None]:
        # Not a coroutine of its own, which would take a microsecond of each request.
        instance = instance_of(scope["path"]) if scope["type"] == "http" else None
        if scope["type"] != "http" or instance is None:
            return self._others(scope, receive, send)
        return self._receive(scope, instance, receive, send)

    async def _receive(
        self, scope: HTTPScope, instance: str, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        head = Head.of(scope)
        name = request_name(head.META.get("HTTP_X_REQUEST_ID", ""))
        before = request_id.set(name)
        try:
            response = await self._response(head, instance, receive)
        finally:
            request_id.reset(before)
        headers = response_headers(response, name, is_secure=head.is_secure)
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": headers,
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": response.body, "more_body": False})

    async def _response(
        self, head: Head, instance: str, receive: ASGIReceiveCallable
    ) -> UpstreamResponse:
        if settings.SECURE_SSL_REDIRECT and not head.is_secure:
            refused = InsecureRequest("https_required", "Send upstream requests over HTTPS.")
            return pipeline.reject(head, refused)

        async def read(max_bytes: int) -> bytes:
            length = head.META.get("CONTENT_LENGTH", "")
            seconds = configuration().body_seconds
            return await read_body(receive, length, max_bytes=max_bytes, seconds=seconds)

        await self._connections.close_unusable()
        return await pipeline.aprocess(head, instance, read, self._threads.run)
