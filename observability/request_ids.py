"""Request ids: in the logs, in the response, and in the operations that a request started."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import getrandbits
from typing import Final

from django.http import HttpRequest, HttpResponse

from observability.correlation_ids import request_id
from observability.logs.redaction import redacted

# An id from a proxy is kept, unless it could break a log line.
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id, and return it in the response's header `X-Request-ID`.

    Log lines and rows take the id from `observability.correlation_ids`.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request_name(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = name  # type: ignore[attr-defined]
        before = request_id.set(name)
        try:
            response = get_response(request)
        finally:
            request_id.reset(before)
        response["X-Request-ID"] = name
        return response

    return middleware


def request_name(given: str) -> str:
    """Return the id in `X-Request-ID`, or a new one where that could do harm in a log."""
    if given and _ACCEPTABLE.fullmatch(given) and redacted(given) == given:
        return given
    # Every upstream request gets one: no system call, which may block. It is not a secret.
    return f"{getrandbits(128):032x}"
