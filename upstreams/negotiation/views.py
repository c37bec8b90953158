"""The view that negotiates.

A client sends `POST <hub URL>/negotiate` and connects to the URL in the answer. Source: ASP.NET
Core SignalR, TransportProtocols.md.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, ClassVar, Final

from django.http import Http404
from django.urls import URLPattern, path
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from upstreams.negotiation.throttles import NegotiationThrottle
from upstreams.receiver.hubs.discovery import registry
from upstreams.receiver.hubs.hub import HUB_NAME
from upstreams.sender.client_tokens import DEFAULT_LIFETIME, Claims
from upstreams.sender.errors import InvalidCall, SendError
from upstreams.sender.hub_sender import HubSender, InstanceSender
from upstreams.url_templates.patterns import ANY
from validation.rate_limited_log import RateLimitedLog

_RETRY_SECONDS: Final = 5.0
_log: Final = RateLimitedLog(logging.getLogger(__name__))


class IgnoredBody(BaseParser):
    """Takes any body: clients send an empty one as text."""

    media_type = "*/*"

    def parse(
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> dict[str, Any]:
        """Return nothing."""
        return {}


class ServiceUnavailable(APIException):
    """503: the service cannot be used at present. `wait` becomes Retry-After, in seconds."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The SignalR service cannot be used at present. Try again later."

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


class ServiceRefused(APIException):
    """502: the service refused, which only an operator can change."""

    status_code = status.HTTP_502_BAD_GATEWAY
    default_detail = "The SignalR service refused the negotiation. The log has the reason."


class NegotiationView(APIView):
    """Returns `{"url", "accessToken"}` to a client that negotiates.

    By default, the classes of the setting REST_FRAMEWORK authenticate users, and users must be
    signed in. Override `authentication_classes`, `permission_classes` and `throttle_classes` as in
    any view, `instance` and `lifetime`, and the methods that identify the client. To refuse a
    client, raise PermissionDenied in one of these methods.
    """

    permission_classes = [IsAuthenticated]
    throttle_classes = [NegotiationThrottle]
    renderer_classes = [JSONRenderer]
    parser_classes = [IgnoredBody]
    # Not part of a project's API: clients of SignalR know it.
    schema = None
    http_method_names = ["post"]

    # The instance to connect to, by default the hub's; and the lifetime of the token.
    instance: ClassVar[str | None] = None
    lifetime: ClassVar[timedelta] = DEFAULT_LIFETIME

    def get_user_id(self, request: Request) -> str | None:
        """Return the ID to which `send_to_user` sends; None for an anonymous client."""
        return str(request.user.pk) if request.user.is_authenticated else None

    def get_claims(self, request: Request) -> Claims | None:
        """Return the claims that handlers see in `request.claims`."""
        return None

    def get_lifetime(self, request: Request) -> timedelta:
        """Return the lifetime of the token; end it with the user's session where that matters."""
        return self.lifetime

    def post(self, request: Request, hub: str) -> Response:
        """Return the URL and the token."""
        answer = self._sender(hub).negotiate(
            user_id=self.get_user_id(request),
            claims=self.get_claims(request),
            lifetime=self.get_lifetime(request),
        )
        return Response(answer.as_json(), headers={"Cache-Control": "no-store"})

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response to an exception; what the service says is for the log only."""
        if isinstance(exc, SendError):
            _log.write("negotiation", "A client's negotiation failed: %s", exc)
            wait = _RETRY_SECONDS if exc.retry_after is None else exc.retry_after
            exc = ServiceUnavailable(wait) if exc.retryable else ServiceRefused()
        elif isinstance(exc, InvalidCall):
            _log.write("identity", "The service cannot accept a client's identity: %s", exc)
            exc = ParseError(str(exc))
        response: Response = super().handle_exception(exc)
        return response

    def _sender(self, name: str) -> HubSender:
        """Return the methods of the hub that send. Raises Http404 for an unknown hub."""
        hub = registry().hub(name)
        if hub is None or not HUB_NAME.fullmatch(name):
            raise Http404
        if hub.name == ANY:
            return InstanceSender(name, self.instance or hub.instance)
        return hub.on(self.instance) if self.instance else hub


def negotiation_urls(
    view: type[NegotiationView] = NegotiationView, **options: Any
) -> list[URLPattern]:
    """Return the URLs of a view, below the path at which they are included.

    `<hub>/` is the hub's URL for clients, which add `negotiate` to it. `options` are those of
    Django's `as_view`.
    """
    answer = view.as_view(**options)
    return [
        path("<str:hub>/", answer, name="negotiation"),
        path("<str:hub>/negotiate", answer),
        path("<str:hub>/negotiate/", answer),
    ]
