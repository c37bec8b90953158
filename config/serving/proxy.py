"""Refuses requests that a proxy forwards in a way that Signalman is not configured for.

Without these answers a browser would follow redirects in a circle, or load pages without styles.
See docs/how-to/deploy/proxies.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from validation.rate_limited_log import RateLimitedLog

_log: Final = RateLimitedLog(logging.getLogger(__name__))


def refuse_misrouted(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 500 with the setting to change, where a request shows that one is wrong."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not (message := _misrouting(request)):
            return get_response(request)
        _log.write("proxy", message)
        return HttpResponse(
            f"{message}\n",
            status=500,
            content_type="text/plain; charset=utf-8",
            # Before SecurityMiddleware, which sets it and would redirect.
            headers={"X-Content-Type-Options": "nosniff"},
        )

    return middleware


def _misrouting(request: HttpRequest) -> str:
    if request.META.get("SCRIPT_NAME"):
        return (
            "Signalman cannot be served below a path. Give it its own host name, and remove "
            "the path prefix from the proxy or the web server."
        )
    if (
        settings.SECURE_SSL_REDIRECT
        and not settings.BEHIND_PROXY
        and request.META.get("HTTP_X_FORWARDED_PROTO") == "https"
    ):
        return (
            "A proxy forwarded this request from https, but SIGNALMAN_BEHIND_PROXY is off. "
            "Turn it on if the proxy sets X-Forwarded-Proto itself."
        )
    return ""
