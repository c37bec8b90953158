"""The address that the service sends upstream requests to."""

from __future__ import annotations

import logging
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from upstreams.receiver import answers
from upstreams.receiver.answers import Answer
from upstreams.receiver.authentication import InstanceAuthentication
from upstreams.receiver.configuration import configuration
from upstreams.receiver.deliveries import recorder
from upstreams.receiver.discovery import registry
from upstreams.receiver.dispatch import dispatch
from upstreams.receiver.errors import BodyTooLarge, ProtocolError, Refusal
from upstreams.receiver.exchange import Exchange
from upstreams.receiver.policies import policies
from upstreams.receiver.protocol import read_request, read_route
from validation.authentication import TokenRefused
from validation.policy import TokenPolicy

log = logging.getLogger(__name__)


class UpstreamView(APIView):
    """Takes one event, and answers it as `dispatch` says.

    The path names the instance; what follows in it does not count, since the headers say which
    event it is. None of what DRF does for other callers happens here: no session, no negotiation,
    no parser, no permission beyond the token.
    """

    http_method_names = ["post"]
    permission_classes = []
    parser_classes = []

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Start the clock."""
        super().setup(request, *args, **kwargs)
        self.exchange = Exchange()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Do none of DRF's checks: `post` makes its own, in its own order."""

    def post(self, request: Request, instance: str, rest: str = "") -> HttpResponse:
        """Refuse first what is cheapest to refuse, and look for no handler before the token."""
        exchange = self.exchange
        limits = configuration().limits
        # Once: DRF looks it up the long way each time.
        headers = request.META
        _check_length(headers.get("CONTENT_LENGTH"), limits.body_bytes)
        known = exchange.instance = policies.get(instance)
        route = exchange.route = read_route(headers)
        self.perform_authentication(request)
        event = exchange.event = read_request(route, headers, _body(request), instance=known.name)
        return self._respond(dispatch(event, registry(), limits))

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return the only way in."""
        return [InstanceAuthentication(self._token_policy)]

    def perform_authentication(self, request: Request) -> None:
        """Raise AuthenticationFailed or NotAuthenticated unless the instance's identity sent it."""
        super().perform_authentication(request)
        if request.successful_authenticator is None:
            raise NotAuthenticated

    def handle_exception(  # type: ignore[override]  # DRF takes any HttpResponse
        self, exc: Exception
    ) -> HttpResponse:
        """Turn a refusal into its answer; anything else is the server's error."""
        if isinstance(exc, Refusal):
            log.warning("Refused %r (%s): %s", self.request.path[:200], exc.code, exc)
            return self._respond(answers.refusal(exc))
        if isinstance(exc, APIException):
            return self._refuse(exc)
        raise exc

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: what DRF adds tells browsers what they may do."""
        return {}

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
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)

    def _token_policy(self) -> TokenPolicy:
        instance, route = self.exchange.instance, self.exchange.route
        if instance is None or route is None:
            raise NotAuthenticated
        return instance.token_policy(route)


def _check_length(header: str | None, most: int) -> None:
    if header and header.isdecimal() and int(header) > most:
        raise BodyTooLarge("body_too_large", f"The body is larger than {most} bytes.")


def _body(request: Request) -> bytes:
    try:
        body: bytes = request.body
    except RequestDataTooBig as error:
        raise BodyTooLarge("body_too_large", "The body is too large.") from error
    except UnreadablePostError as error:
        raise ProtocolError("body_incomplete", "The body ended before its length.") from error
    return body
