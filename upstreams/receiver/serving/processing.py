"""What is done with one request, whichever server and framework delivered it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, cast

from rest_framework.exceptions import APIException, MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request

from upstreams.receiver.authentication.policies import InstancePolicy, policies
from upstreams.receiver.authentication.token import InstanceAuthentication
from upstreams.receiver.configuration import configuration
from upstreams.receiver.deliveries.duplicates import repetitions
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.hubs.discovery import registry
from upstreams.receiver.hubs.dispatch import dispatch
from upstreams.receiver.protocol import responses
from upstreams.receiver.protocol.errors import BodyTooLarge, Refusal
from upstreams.receiver.protocol.paths import rest_of, shown_path
from upstreams.receiver.protocol.requests import Route, read_request, read_route
from upstreams.receiver.protocol.responses import Answer
from upstreams.receiver.serving.logs import refusals
from upstreams.receiver.serving.request_context import Exchange
from upstreams.signals import request_turned_away
from validation.authentication import TokenRefused

_LENGTH_DIGITS: Final = 19

# Gives at most so many bytes of the body, all of it where it is shorter. Raises ProtocolError for
# a body that ends before its length.
ReadBody = Callable[[int], bytes]


class Arrival(Protocol):
    """A request's head. Django's HttpRequest is one."""

    @property
    def method(self) -> str | None:
        """The HTTP method, in capitals."""

    @property
    def path_info(self) -> str:
        """The decoded path, without the query."""

    @property
    def META(self) -> Mapping[str, Any]:  # noqa: N802  # Django's name
        """The headers by their CGI names (RFC 3875), decoded as latin-1, and the query string."""


def admit(arrival: Arrival, instance: str) -> Answer | None:
    """Return None where the request is of the instance's identity, else its refusal, recorded.

    The first half of `receive`, which runs nothing of the project and reads no body.
    """
    exchange = Exchange()
    try:
        _identify(exchange, arrival, instance)
    except (Refusal, APIException) as refused:
        return _recorded(exchange, _refused(arrival, refused))
    return None


def receive(arrival: Arrival, instance: str, read_body: ReadBody) -> Answer:
    """Return what the request for `instance` is answered, having recorded it.

    Raises nothing that a request, a token or a handler can cause.
    """
    exchange = Exchange()
    try:
        answer = _accept(exchange, arrival, instance, read_body)
    except (Refusal, APIException) as refused:
        answer = _refused(arrival, refused)
    return _recorded(exchange, answer)


def turn_away(answer: Answer) -> Answer:
    """Return an answer that no row speaks of, having told the rooms above."""
    request_turned_away.send(Exchange, reason=answer.reason)
    return answer


def _recorded(exchange: Exchange, answer: Answer) -> Answer:
    receipt = exchange.receipt(answer, registry())
    if receipt is None:
        return turn_away(answer)
    recorder.record(receipt)
    return answer


def _accept(exchange: Exchange, arrival: Arrival, instance: str, read_body: ReadBody) -> Answer:
    known, route = _identify(exchange, arrival, instance)
    headers = arrival.META
    if known.is_guarded:
        known.guard(route, headers, rest_of(arrival.path_info))
    limits = configuration().limits
    body = read_body(limits.body_bytes + 1)
    if len(body) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    event = exchange.event = read_request(route, headers, body, instance=known.name)
    return dispatch(event, registry(), limits, repetitions)


def _identify(exchange: Exchange, arrival: Arrival, instance: str) -> tuple[InstancePolicy, Route]:
    """Refuse first what is cheapest to refuse, and look for no handler before the token."""
    if arrival.method != "POST":
        raise MethodNotAllowed(str(arrival.method))
    headers = arrival.META
    _check_length(headers.get("CONTENT_LENGTH"), configuration().limits.body_bytes)
    known = exchange.instance = policies.get(instance)
    route = exchange.route = read_route(headers)
    _authenticate(arrival, known, route)
    return known, route


def _authenticate(arrival: Arrival, known: InstancePolicy, route: Route) -> None:
    """Raise AuthenticationFailed or NotAuthenticated unless the instance's identity sent it."""
    authentication = InstanceAuthentication(known.token_policy(route))
    # What it reads of the request, DRF's own would only pass on to Django's.
    if authentication.verified_claims(cast("Request", arrival)) is None:
        raise NotAuthenticated


def _refused(arrival: Arrival, refused: Refusal | APIException) -> Answer:
    if isinstance(refused, APIException):
        # Which check of the token it was, validation has written into the log.
        return _refusal(refused)
    refusals.write(
        refused.code,
        "Refused %s (%s): %s",
        shown_path(arrival.path_info),
        refused.code,
        refused,
    )
    return responses.refusal(refused)


def _refusal(refused: APIException) -> Answer:
    headers: list[tuple[str, str]] = []
    if isinstance(refused, MethodNotAllowed):
        headers.append(("Allow", "POST"))
    if isinstance(refused, TokenRefused):
        headers.append(("WWW-Authenticate", refused.auth_header))
    if wait := getattr(refused, "wait", None):
        headers.append(("Retry-After", str(math.ceil(wait))))
    code, sentence = str(refused.get_codes()), str(refused.detail)
    return responses.problem(refused.status_code, code, sentence, headers=tuple(headers))


def _check_length(header: str | None, most: int) -> None:
    # As many digits as no length has would take long to read.
    if header and header.isdecimal() and (len(header) > _LENGTH_DIGITS or int(header) > most):
        raise _too_large(most)


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge("body_too_large", f"The body is larger than {most} bytes.")
