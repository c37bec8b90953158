"""A name for each request, to find it in the logs by."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

# A proxy's own name is kept, unless it could break a log line.
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Name each request, and say the name in the header `X-Request-ID` of its answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        name = given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        request.request_id = name  # type: ignore[attr-defined]
        response = get_response(request)
        response["X-Request-ID"] = name
        return response

    return middleware
