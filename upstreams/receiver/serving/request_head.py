"""What the fronts of web servers share: what Django would do around a view, as far as it counts.

What Django does takes as long as all of receiving: its signals ask every database connection and
every cache, and its middleware keeps sessions and tells browsers what to do. The service sends a
bearer token, and most events touch no database. So upstream requests have no middleware, and no
`request_started` or `request_finished`; connections that a handler opens are closed as by Django.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.conf import settings

from observability.context import request_id
from upstreams.receiver.protocol import responses
from upstreams.receiver.protocol.paths import shown_path
from upstreams.receiver.protocol.responses import Answer
from upstreams.receiver.serving.database_connections import tend_connections
from upstreams.receiver.serving.processing import Arrival

log = logging.getLogger(__name__)

Value = TypeVar("Value")

# What a handler returns is the client's to read, and no page: should a browser ever show it.
_NO_PAGE: Final = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")


@dataclass(slots=True)
class Head:
    """The head of a request, with Django's names for its parts.

    Django's own request would read more of them, and fail at some that strangers can send.
    """

    method: str
    path_info: str
    scheme: str
    META: dict[str, Any]

    @property
    def is_turned_away(self) -> bool:
        """Whether it came in the clear where HTTPS is demanded: SecurityMiddleware answers it."""
        return settings.SECURE_SSL_REDIRECT and not self._is_secure

    @property
    def _is_secure(self) -> bool:
        """What `HttpRequest.is_secure` says."""
        if trusted := settings.SECURE_PROXY_SSL_HEADER:
            name, secure = trusted
            said: str | None = self.META.get(name)
            if said is not None:
                return said.partition(",")[0].strip() == secure
        return self.scheme == "https"


def attended(arrival: Arrival, name: str, call: Callable[[], Value]) -> Value | Answer:
    """Return what `call` does, for a request that is called `name` in the log. Raises nothing.

    What fails is answered with 500.
    """
    before = request_id.set(name)
    tend_connections()
    try:
        return call()
    except Exception:
        # A mistake of ours, or memory that is out.
        log.exception("Failed at %s.", shown_path(arrival.path_info))
        return responses.problem(500, "internal_error", "The receiver failed.", outcome="failed")
    finally:
        tend_connections()
        request_id.reset(before)


def headers_of(answer: Answer, name: str) -> list[tuple[str, str]]:
    """Return the headers that an answer is sent with."""
    return [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        _NO_PAGE,
        ("X-Request-ID", name),
        *answer.headers,
    ]
