"""The processing of one upstream request, independent of the server.

The cheapest checks come first, and nothing of the project's own code runs before authentication:
method, length, instance, bearer token, route, token, then path and proofs, then the body.
"""

from __future__ import annotations

import logging
import math
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from rest_framework.request import Request

from upstreams.receiver.authentication.instance_policy import InstancePolicy
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.authentication.token import InstanceAuthentication
from upstreams.receiver.configuration import configuration
from upstreams.receiver.deliveries.duplicates import duplicate_calls
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.deliveries.records import RequestContext
from upstreams.receiver.hubs.discovery import registry
from upstreams.receiver.hubs.dispatch import RunInThread, adispatch, dispatch
from upstreams.receiver.protocol import responses
from upstreams.receiver.protocol.paths import rest_of, shown_path
from upstreams.receiver.protocol.refusals import MethodNotAllowed, Refusal
from upstreams.receiver.protocol.requests import Route, read_request, read_route
from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.receiver.serving.body import check_length, read_body
from upstreams.receiver.serving.headers import RequestHead
from upstreams.receiver.serving.logs import log_refusal
from upstreams.signals import request_rejected
from validation.authentication import TokenRefused
from validation.errors import Reason

if TYPE_CHECKING:
    from asgiref.typing import ASGIReceiveCallable

log = logging.getLogger(__name__)


class ReadBody(Protocol):
    """Reads the body of a request from a server that is not asynchronous."""

    def __call__(self, max_bytes: int, /) -> bytes:
        """Return the whole body. Raises a Refusal."""


def process(head: RequestHead, instance: str, read: ReadBody) -> UpstreamResponse:
    """Return the response to a request for `instance`, and record it.

    Raises nothing that a request, a token or a handler can cause.
    """
    context = RequestContext()
    try:
        policy, route = _begin(context, head, instance)
        authentication = InstanceAuthentication(policy.token_policies(route))
        authentication.verified_claims(cast("Request", head))
        _check_requirements(policy, route, head)
        limits = configuration().limits
        request = context.request = read_request(
            route, head.META, read(limits.body_bytes), instance=policy.name
        )
        response = dispatch(request, registry(), limits, duplicate_calls)
    except Exception as error:  # noqa: BLE001
        response = _response(head, error)
    if record(context, response) and not configuration().flush_seconds:
        recorder.flush()
    return response


async def aprocess(
    head: RequestHead, instance: str, receive: ASGIReceiveCallable, run_in_thread: RunInThread
) -> UpstreamResponse:
    """Return the response as `process` does, without blocking the event loop.

    `receive` is the ASGI server's, from which the body is read.
    """
    context = RequestContext()
    try:
        if policies.is_due:
            await run_in_thread(policies.refresh)
        policy, route = _begin(context, head, instance)
        authentication = InstanceAuthentication(policy.token_policies(route))
        await authentication.averified_claims(cast("Request", head))
        _check_requirements(policy, route, head)
        length = head.META.get("CONTENT_LENGTH") or ""
        limits, seconds = configuration().limits, configuration().body_seconds
        body = await read_body(receive, length, max_bytes=limits.body_bytes, seconds=seconds)
        request = context.request = read_request(route, head.META, body, instance=policy.name)
        response = await adispatch(request, registry(), limits, duplicate_calls, run_in_thread)
    except Exception as error:  # noqa: BLE001
        response = _response(head, error)
    if record(context, response) and not configuration().flush_seconds:
        await run_in_thread(recorder.flush)
    return response


def reject(head: RequestHead, refused: Refusal) -> UpstreamResponse:
    """Return the response to a request that is refused before its instance is known."""
    response = _response(head, refused)
    record(RequestContext(), response)
    return response


def record(context: RequestContext, response: UpstreamResponse) -> bool:
    """Record the response; return whether it belongs to an instance."""
    try:
        kind = context.kind(response, registry())
        if kind is None:
            request_rejected.send(RequestContext, reason=response.reason)
            return False
        recorder.record(kind, lambda: context.record(kind, response))
    except Exception:
        # The handler has run, so its response is still sent.
        log.exception("A delivery was not recorded.")
        return False
    return True


def _begin(
    context: RequestContext, head: RequestHead, instance: str
) -> tuple[InstancePolicy, Route]:
    """Refuse requests that are invalid whatever their token."""
    if head.method != "POST":
        raise MethodNotAllowed(
            "method_not_allowed", "The method of an upstream request must be POST."
        )
    check_length(head.META.get("CONTENT_LENGTH") or "", configuration().limits.body_bytes)
    policy = context.instance = policies.get(instance)
    route = context.route = read_route(head.META)
    return policy, route


def _check_requirements(policy: InstancePolicy, route: Route, head: RequestHead) -> None:
    if policy.has_requirements:
        policy.check_requirements(route, head.META, rest_of(head.path_info))


def _response(head: RequestHead, error: Exception) -> UpstreamResponse:
    if isinstance(error, Refusal):
        log_refusal(error, head.path_info)
        return responses.refusal(error)
    if isinstance(error, TokenRefused):
        # Validation has logged it.
        return _token_refused(error.reason)
    # A defect in Signalman, or no memory.
    log.error(
        "The receiver failed to process a request to %s.",
        shown_path(head.path_info),
        exc_info=error,
    )
    return responses.problem(
        500,
        "internal_error",
        "The receiver failed to process the request. Its log has the reason.",
        outcome="failed",
    )


@cache
def _token_refused(reason: Reason) -> UpstreamResponse:
    refused = TokenRefused(reason, realm=InstanceAuthentication.realm)
    headers = [("WWW-Authenticate", refused.auth_header)]
    if wait := getattr(refused, "wait", None):
        headers.append(("Retry-After", str(math.ceil(wait))))
    detail: Any = refused.detail
    return responses.problem(
        refused.status_code,
        detail.code,
        str(detail),
        reason=reason.value,
        headers=tuple(headers),
    )
