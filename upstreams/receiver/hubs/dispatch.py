"""From a request to its answer: find the handler, call it, put what it returns into a frame.

What the service makes of an answer decides the statuses:

- A client that waits for a result always gets a completion, and so always 200: with the result, or
  with an error in words. Any other status would reach it as "Invocation failed, status code <n>".
- A client that does not wait gets nothing. A handler that failed is still 200: the service may send
  a 5xx again, and would repeat what the handler had done by then.
- A hub without a handler for `connected` or `disconnected` has nothing to do there: 200.
- A `connected` handler that fails answers 403, as Microsoft's own receiver does.
- An event that no hub handles is 404 where no client waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from upstreams.patterns import CONNECTED, CONNECTIONS
from upstreams.receiver.hubs.hub import Handler, Registry
from upstreams.receiver.protocol import frames, responses
from upstreams.receiver.protocol.errors import ArgumentsMismatch, HubError, NoHandler, Refusal
from upstreams.receiver.protocol.limits import ERROR_LENGTH, Limits
from upstreams.receiver.protocol.requests import UpstreamRequest
from upstreams.receiver.protocol.responses import Answer

log = logging.getLogger(__name__)


class Memory(Protocol):
    """What knows calls that were made already."""

    def once(self, request: UpstreamRequest, call: Callable[[], Answer]) -> Answer:
        """Return what `call` answers, or what it answered to an equal request before."""


def dispatch(
    request: UpstreamRequest,
    registry: Registry,
    limits: Limits,
    memory: Callable[[], Memory] | None = None,
) -> Answer:
    """Return the answer to an authenticated request. Raises nothing that a handler raises.

    `memory` gives what idempotent handlers are kept from running twice by; it may raise a Refusal.
    """
    handler = registry.find(request.hub, request.category, request.event)
    if handler is None:
        return _unhandled(request, registry)
    try:
        handler.parameters.check(request.arguments)
    except ArgumentsMismatch as mismatch:
        return _refused(request, mismatch)
    if handler.is_idempotent and memory is not None and request.invocation_id is not None:
        return memory().once(request, lambda: _call(request, handler, limits))
    return _call(request, handler, limits)


def _call(request: UpstreamRequest, handler: Handler, limits: Limits) -> Answer:
    try:
        return _outcome(request, handler, limits)
    except KeyboardInterrupt:
        raise
    except BaseException:
        # sys.exit() too, or a cancelled task: it would end the thread that answers requests, and
        # leave an idempotent call in doubt. A process that is to end is told so by its server.
        log.exception("The handler %s failed.", handler.name)
        return _failed(request, "handler_error", "The server failed to handle the call.")


def _outcome(request: UpstreamRequest, handler: Handler, limits: Limits) -> Answer:
    # Whatever fails in here is the handler's own: the text of its error and its result are too.
    try:
        value = handler.function(request, *request.arguments)
    except HubError as error:
        return _failed(request, "hub_error", str(error))
    return _handled(request, handler, value, limits)


def _handled(request: UpstreamRequest, handler: Handler, value: object, limits: Limits) -> Answer:
    if request.invocation_id is None:
        return Answer()
    if value is None:
        return Answer(body=frames.void(request.protocol, request.invocation_id))
    try:
        body = frames.result(request.protocol, request.invocation_id, value)
    except frames.Unsendable as problem:
        log.error("The handler %s: %s", handler.name, problem)  # noqa: TRY400
        return _failed(request, "result_unsendable", "The server has no result that can be sent.")
    if len(body) > limits.result_bytes:
        log.error("The handler %s: its result has %s bytes.", handler.name, len(body))
        return _failed(request, "result_too_large", "The server's result is too large.")
    return Answer(body=body)


def _unhandled(request: UpstreamRequest, registry: Registry) -> Answer:
    if request.category == CONNECTIONS and registry.has_hub(request.hub):
        return Answer()
    if registry.has_hub(request.hub):
        sentence = f"The hub {request.hub!r} has no method {request.event!r}."
    else:
        sentence = f"There is no hub {request.hub!r}."
    return _refused(request, NoHandler("no_handler", sentence))


def _refused(request: UpstreamRequest, refusal: Refusal) -> Answer:
    if request.invocation_id is None:
        return responses.refusal(refusal)
    body = frames.error(request.protocol, request.invocation_id, str(refusal))
    return Answer(body=body, outcome="refused", reason=refusal.code)


def _failed(request: UpstreamRequest, reason: str, text: str) -> Answer:
    if request.invocation_id is not None:
        text = text[:ERROR_LENGTH]
        if not text.strip():
            # Clients take an error without a text for a result of nothing.
            text = "The server refused the call."
        body = frames.error(request.protocol, request.invocation_id, text)
        return Answer(body=body, outcome="failed", reason=reason)
    if request.category == CONNECTIONS and request.event.lower() == CONNECTED:
        return responses.problem(403, reason, "The connection is not wanted.", outcome="failed")
    return Answer(outcome="failed", reason=reason)
