"""The receiver as a Django view, for servers that only serve Django and for tests.

`config.asgi` serves upstream requests without Django's middleware; see `application`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import View

from upstreams.receiver.protocol.refusals import ProtocolError
from upstreams.receiver.serving.body import check_length
from upstreams.receiver.serving.pipeline import process


class UpstreamView(View):
    """Receives one upstream request. The path names the instance, the headers name the event."""

    def dispatch(self, request: HttpRequest, *_args: Any, **kwargs: Any) -> HttpResponse:
        """Return the response, to a request of any method."""

        def read(max_bytes: int) -> bytes:
            return read_body(request, max_bytes)

        response = process(request, kwargs["instance"], read)
        return HttpResponse(
            response.body,
            status=response.status,
            content_type=response.content_type,
            headers=dict(response.headers),
        )


def read_body(request: HttpRequest, max_bytes: int) -> bytes:
    """Return the whole body. Raises a Refusal.

    Not `request.body`, which has a limit of its own. Django does not read a body without a length.
    """
    if "HTTP_TRANSFER_ENCODING" in request.META:
        raise ProtocolError("body_chunked", "The body has no Content-Length. Serve config.asgi.")
    header = request.META.get("CONTENT_LENGTH") or "0"
    check_length(header, max_bytes)
    length = int(header) if header.isdecimal() else 0
    try:
        body = request.read(length)
    except OSError:
        body = b""
    if len(body) < length:
        raise ProtocolError(
            "body_incomplete", "The connection was closed before the body was complete."
        )
    return body
