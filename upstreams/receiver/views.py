"""The address that the service sends upstream requests to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from upstreams.receiver import answers
from upstreams.receiver.addresses import rest_of, shown_path
from upstreams.receiver.answers import Answer
from upstreams.receiver.authentication import InstanceAuthentication
from upstreams.receiver.configuration import configuration
from upstreams.receiver.deliveries import recorder
from upstreams.receiver.discovery import registry
from upstreams.receiver.dispatch import dispatch
from upstreams.receiver.errors import BodyTooLarge, ProtocolError, Refusal
from upstreams.receiver.exchange import Exchange
from upstreams.receiver.logs import refusals
from upstreams.receiver.policies import policies
from upstreams.receiver.protocol import read_request, read_route
from upstreams.receiver.repetitions import repetitions
from upstreams.signals import request_turned_away
from validation.authentication import TokenRefused
from validation.policy import TokenPolicy


class UpstreamView(APIView):
    """Takes one event, and answers it as `dispatch` says.

    The path names the instance; the headers say which event it is, and what follows the name has to
    agree with them only where the URL template put the event there. None of what DRF does for other
    callers happens here: no session, no negotiation, no parser, no permission beyond the token.
    """

    http_method_names = ["post"]
    permission_classes = []
    parser_classes = []

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Start the clock."""
        super().setup(request, *args, **kwargs)
        self.exchange = Exchange()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer without what DRF does around a handler.

        Its own request and response, negotiation and headers take longer than all of receiving, and
        are for callers that choose a format, hold a session or run in a browser.
        """
        try:
            if request.method != "POST":
                raise MethodNotAllowed(str(request.method))
            return self.post(request, **kwargs)
        except Refusal as refused:
            refusals.write(
                refused.code,
                "Refused %s (%s): %s",
                shown_path(request.path_info),
                refused.code,
                refused,
            )
            return self._respond(answers.refusal(refused))
        except APIException as refused:
            return self._refuse(refused)

    def post(self, request: HttpRequest, instance: str, rest: str = "") -> HttpResponse:
        """Refuse first what is cheapest to refuse, and look for no handler before the token."""
        exchange = self.exchange
        limits = configuration().limits
        headers = request.META
        _check_length(headers.get("CONTENT_LENGTH"), limits.body_bytes)
        known = exchange.instance = policies.get(instance)
        route = exchange.route = read_route(headers)
        self._authenticate(request)
        if known.is_guarded:
            known.guard(route, headers, rest_of(request.path_info))
        body = _body(request, limits.body_bytes)
        event = exchange.event = read_request(route, headers, body, instance=known.name)
        return self._respond(dispatch(event, registry(), limits, repetitions))

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return the only way in."""
        return [self._authentication()]

    def _authentication(self) -> InstanceAuthentication:
        return InstanceAuthentication(self._token_policy)

    def _authenticate(self, request: HttpRequest) -> None:
        """Raise AuthenticationFailed or NotAuthenticated unless the instance's identity sent it."""
        # What it reads of the request, DRF's own would only pass on to Django's.
        if self._authentication().verified_claims(cast("Request", request)) is None:
            raise NotAuthenticated

    def _refuse(self, exc: APIException) -> HttpResponse:
        # Which check of the token it was, validation has written into the log.
        response = self._respond(
            answers.problem(exc.status_code, str(exc.get_codes()), str(exc.detail))
        )
        if isinstance(exc, TokenRefused):
            response["WWW-Authenticate"] = exc.auth_header
        if wait := getattr(exc, "wait", None):
            response["Retry-After"] = str(math.ceil(wait))
        return response

    def _respond(self, answer: Answer) -> HttpResponse:
        receipt = self.exchange.receipt(answer, registry())
        if receipt is not None:
            recorder.record(receipt)
        else:
            request_turned_away.send(type(self), reason=answer.reason)
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)

    def _token_policy(self) -> TokenPolicy:
        instance, route = self.exchange.instance, self.exchange.route
        if instance is None or route is None:
            raise NotAuthenticated
        return instance.token_policy(route)


def _check_length(header: str | None, most: int) -> None:
    if header and header.isdecimal() and int(header) > most:
        raise _too_large(most)


def _body(request: HttpRequest, most: int) -> bytes:
    # Not request.body, which has a limit of its own: DATA_UPLOAD_MAX_MEMORY_SIZE.
    is_chunked = "HTTP_TRANSFER_ENCODING" in request.META
    try:
        body: bytes = _chunks(request.META, most + 1) if is_chunked else request.read(most + 1)
    except UnreadablePostError as error:
        raise ProtocolError("body_incomplete", "The body ended before its length.") from error
    if len(body) > most:
        raise _too_large(most)
    return body


def _chunks(headers: Mapping[str, Any], most: int) -> bytes:
    """Read a body whose length was not sent: Django would take it for none."""
    if not headers.get("wsgi.input_terminated"):
        raise ProtocolError("body_chunked", "The web server does not say where the body ends.")
    body = b""
    while len(body) < most and (chunk := headers["wsgi.input"].read(most - len(body))):
        body += chunk
    return body


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge("body_too_large", f"The body is larger than {most} bytes.")
