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

from observability.correlation_ids import request_id
from observability.request_ids import request_name
from upstreams.receiver.protocol.paths import instance_of
from upstreams.receiver.protocol.refusals import InsecureRequest
from upstreams.receiver.serving import pipeline
from upstreams.receiver.serving.database_connections import AsyncConnections
from upstreams.receiver.serving.handler_threads import HandlerThreads
from upstreams.receiver.serving.headers import Head, response_headers
from upstreams.receiver.serving.transport_security import transport_security

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
        is_secure = head.is_secure
        name = request_name(head.META.get("HTTP_X_REQUEST_ID", ""))
        before = request_id.set(name)
        try:
            if is_secure or not transport_security().is_https_required:
                if self._connections.are_open:
                    await self._connections.close_unusable()
                response = await pipeline.aprocess(head, instance, receive, self._threads.run)
            else:
                refused = InsecureRequest("https_required", "Send upstream requests over HTTPS.")
                response = pipeline.reject(head, refused)
        finally:
            request_id.reset(before)
        headers = response_headers(response, name, is_secure=is_secure)
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": headers,
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": response.body, "more_body": False})
