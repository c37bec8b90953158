"""The API's middleware: https, final slashes and caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path

from api.problems import Problem, problem_response

_SAFE: Final = frozenset({"GET", "HEAD"})


def require_https(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 403 to a request to the API over http, where Signalman is served over https.

    Django would redirect it, and a client would send its token over http with each call, unnoticed.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_api = request.path_info.startswith("/api/")
        if not settings.SECURE_SSL_REDIRECT or not is_api or request.is_secure():
            return get_response(request)
        detail = "The API is served over https only. Replace a token that was sent over http."
        return problem_response(request, Problem(403, "forbidden", "Forbidden", detail))

    return middleware


def require_final_slash(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 404 to a write whose URL lacks the final slash.

    Django would answer 301, and many clients repeat a redirected PUT or POST as a GET (RFC 9110,
    section 15.4.2).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        path = request.path_info
        is_write = request.method not in _SAFE
        if not is_write or not path.startswith("/api/") or path.endswith("/"):
            return get_response(request)
        if not is_valid_path(f"{path}/"):
            return get_response(request)
        detail = f"URLs of the API end with a slash: {path}/"
        return problem_response(request, Problem(404, "not-found", "Not Found", detail))

    return middleware


def forbid_caching(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let no cache keep a response of the API, unless its view says otherwise.

    Clients still send If-None-Match with the entity tag that they kept.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path_info.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware
