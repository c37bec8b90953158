"""Takes upstream requests before Django's own WSGI handler does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from accounts.causes import request_id
from upstreams.receiver import answers
from upstreams.receiver.addresses import ROOT, instance_of, shown_path
from upstreams.receiver.connections import tend_connections
from upstreams.receiver.urls import receive

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

log = logging.getLogger(__name__)

# What a handler returns is the client's to read, and no page: should a browser ever show it.
_NO_PAGE: Final = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")


class ReceiverFirst:
    """A WSGI application that answers what is sent to the receiver, and passes on everything else.

    What Django does around a view costs as much as all of receiving: its signals ask every database
    connection and every cache, and its middleware keeps sessions and tells browsers what to do. The
    service sends a bearer token, and most events touch no database. So upstream requests have no
    middleware and no `request_started` or `request_finished`; connections that a handler opens are
    closed as Django would.

    `name` makes a request's id of the `X-Request-ID` that came with it.
    """

    def __init__(self, django: WSGIApplication, *, name: Callable[[str], str]) -> None:
        self._django: Final = django
        self._name: Final = name

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(ROOT):
            return self._django(environ, start_response)
        request = WSGIRequest(environ)
        instance = instance_of(request.path_info)
        # SecurityMiddleware turns away what should have come over HTTPS.
        if instance is None or (settings.SECURE_SSL_REDIRECT and not request.is_secure()):
            return self._django(environ, start_response)
        name = self._name(environ.get("HTTP_X_REQUEST_ID", ""))
        before = request_id.set(name)
        tend_connections()
        try:
            response: HttpResponse = receive(request, instance=instance)
        except Exception:
            # A mistake of ours, or memory that is out.
            log.exception("Failed at %s.", shown_path(request.path_info))
            response = _failure()
        finally:
            tend_connections()
            request_id.reset(before)
        start_response(
            f"{response.status_code} {response.reason_phrase}",
            [*response.items(), _NO_PAGE, ("X-Request-ID", name)],
        )
        return [response.content]


def _failure() -> HttpResponse:
    answer = answers.problem(500, "internal_error", "The receiver failed.", outcome="failed")
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
