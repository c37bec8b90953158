"""A name for each request, to find it by: in the logs, in its answer and in the work it started."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import getrandbits
from typing import Final

from django.http import HttpRequest, HttpResponse

from observability.context import request_id
from observability.redaction import redacted

# A proxy's own name is kept, unless it could break a log line.
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Name each request, and say the name in the header `X-Request-ID` of its answer.

    Whatever is logged and recorded meanwhile takes the name from `observability.context`.
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
    """Return the name that `X-Request-ID` gives, or a new one where that could do harm in a log."""
    if _ACCEPTABLE.fullmatch(given) and redacted(given) == given:
        return given
    # Each upstream request has one: no call of the system, which may wait. It is no secret.
    return f"{getrandbits(128):032x}"
