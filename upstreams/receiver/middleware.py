"""Takes upstream requests past the middleware that is there for browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from upstreams.receiver.urls import receive

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# As `config.urls` and `upstreams.receiver.urls` have it: what follows the name does not count.
_ADDRESS: Final = re.compile(r"/upstream/([^/]+)/")
# What a handler returns is the client's to read, and no page: should a browser ever show it.
_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


def receiver_first(get_response: GetResponse) -> GetResponse:
    """Answer what is sent to the receiver, and pass on everything else.

    Sessions, CSRF, messages and most headers that tell browsers what to do cost more than all of
    receiving, and mean nothing to a service that sends a bearer token. What should have come over
    HTTPS is passed on as well: SecurityMiddleware turns it away.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        address = _ADDRESS.match(request.path_info)
        if address is None or (settings.SECURE_SSL_REDIRECT and not request.is_secure()):
            return get_response(request)
        response = receive(request, instance=address[1])
        response["Content-Security-Policy"] = _POLICY
        return response

    return middleware
