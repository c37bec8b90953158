"""Dispatch of requests: finds the handler, calls it, and encodes its result.

What the service makes of a response decides the statuses:

- A client that waits for a result always gets a completion, and so always 200: with the result, or
  with an error message. It would see any other status as "Invocation failed, status code <n>".
- A client that does not wait gets nothing. A handler that failed is still 200: the service may send
  the request again after a 5xx, and the handler would run twice.
- A hub without a handler for `connected` or `disconnected` answers 200.
- A `connected` handler that fails answers 403, as Microsoft's own receiver does.
- An event that no hub handles is 404 where no client waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final, Protocol, TypeVar

from asgiref.sync import async_to_sync

from upstreams.receiver.hubs.errors import HubError
from upstreams.receiver.hubs.hub import Handler, Registry
from upstreams.receiver.protocol import outgoing_frames, responses
from upstreams.receiver.protocol.limits import ERROR_LENGTH, Limits
from upstreams.receiver.protocol.refusals import ArgumentsMismatch, NoHandler, Refusal
from upstreams.receiver.protocol.requests import UpstreamRequest
from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.sender.context import Handling
from upstreams.sender.errors import SendError
from upstreams.url_templates.patterns import CONNECTED, CONNECTIONS
from validation.rate_limited_log import RateLimitedLog

log = logging.getLogger(__name__)
send_errors: Final = RateLimitedLog(log)

Value = TypeVar("Value")

# The service does not accept the credential, or its roles.
_FORBIDDEN: Final = frozenset({401, 403})


class Memory(Protocol):
    """Recognises duplicate calls."""

    def once(
        self, request: UpstreamRequest, call: Callable[[], UpstreamResponse]
    ) -> UpstreamResponse:
        """Return what `call` returns, or what it returned to an equal request before."""

    def claim(self, request: UpstreamRequest) -> UpstreamResponse | None:
        """Return the response to an equal request; None where this request must make the call."""

    def keep(self, request: UpstreamRequest, response: UpstreamResponse) -> None:
        """Store the response for equal requests."""


class RunInThread(Protocol):
    """Runs a function in a thread for the event loop."""

    def __call__(self, function: Callable[[], Value], /) -> Awaitable[Value]:
        """Return what the function returns, or raise what it raises."""


def dispatch(
    request: UpstreamRequest,
    registry: Registry,
    limits: Limits,
    memory: Callable[[], Memory] | None = None,
) -> UpstreamResponse:
    """Return the response to an authenticated request. Raises nothing that a handler raises.

    `memory` keeps idempotent handlers from running twice; it may raise a Refusal. A coroutine
    function runs in an event loop of its own.
    """
    found = _find(request, registry)
    if not isinstance(found, Handler):
        return found
    return _once(request, found, memory, lambda: _call(request, found, limits))


async def adispatch(
    request: UpstreamRequest,
    registry: Registry,
    limits: Limits,
    memory: Callable[[], Memory] | None,
    run_in_thread: RunInThread,
) -> UpstreamResponse:
    """Return the response as `dispatch` does, without blocking the event loop.

    Coroutine functions run on the loop, other handlers where `run_in_thread` runs them.
    """
    found = _find(request, registry)
    if not isinstance(found, Handler):
        return found
    if not found.is_async:
        return await run_in_thread(
            lambda: _once(request, found, memory, lambda: _call(request, found, limits))
        )
    if memory is None or not _is_repeatable(request, found):
        return await _acall(request, found, limits)
    calls = memory()
    first = await run_in_thread(lambda: calls.claim(request))
    if first is not None:
        return first
    response = await _acall(request, found, limits)
    await run_in_thread(lambda: calls.keep(request, response))
    return response


def _find(request: UpstreamRequest, registry: Registry) -> Handler | UpstreamResponse:
    """Return the handler for the request, or the response where there is none."""
    handler = registry.find(request.hub, request.category, request.event)
    if handler is None:
        return _unhandled(request, registry)
    try:
        handler.parameters.check(request.arguments)
    except ArgumentsMismatch as mismatch:
        return _refused(request, mismatch)
    return handler


def _is_repeatable(request: UpstreamRequest, handler: Handler) -> bool:
    return handler.is_idempotent and request.invocation_id is not None


def _once(
    request: UpstreamRequest,
    handler: Handler,
    memory: Callable[[], Memory] | None,
    call: Callable[[], UpstreamResponse],
) -> UpstreamResponse:
    if memory is None or not _is_repeatable(request, handler):
        return call()
    return memory().once(request, call)


def _call(request: UpstreamRequest, handler: Handler, limits: Limits) -> UpstreamResponse:
    try:
        with Handling(request):
            value = handler.function(request, *request.arguments)
            if isawaitable(value):
                value = async_to_sync(_awaited)(value)
        return _handled(request, handler, value, limits)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001
        # SystemExit too: it would end the thread, and leave an idempotent call unanswered.
        return _raised(request, handler, error)


async def _acall(request: UpstreamRequest, handler: Handler, limits: Limits) -> UpstreamResponse:
    try:
        with Handling(request):
            value = await handler.function(request, *request.arguments)
        return _handled(request, handler, value, limits)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            # The server cancels the request itself.
            raise
        return _raised(request, handler, error)


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value


def _handled(
    request: UpstreamRequest, handler: Handler, value: object, limits: Limits
) -> UpstreamResponse:
    if request.invocation_id is None:
        return UpstreamResponse()
    if value is None:
        return UpstreamResponse(body=outgoing_frames.void(request.protocol, request.invocation_id))
    try:
        body = outgoing_frames.result(request.protocol, request.invocation_id, value)
    except outgoing_frames.Unsendable as problem:
        log.error("The handler %s: %s", handler.name, problem)  # noqa: TRY400
        return _failed(request, "result_unsendable", "The server has no result that can be sent.")
    if len(body) > limits.result_bytes:
        log.error("The handler %s: its result has %s bytes.", handler.name, len(body))
        return _failed(request, "result_too_large", "The server's result is too large.")
    return UpstreamResponse(body=body)


def _raised(request: UpstreamRequest, handler: Handler, error: BaseException) -> UpstreamResponse:
    try:
        if isinstance(error, HubError):
            return _failed(request, "hub_error", str(error))
        if isinstance(error, SendError):
            reason = "send_forbidden" if error.status in _FORBIDDEN else "send_error"
            # The message is complete, and the same for each event while the cause lasts.
            send_errors.write(
                f"{handler} {reason}", "The handler %s could not send: %s", handler.name, error
            )
            return _failed(request, reason, "The server could not send a message.")
    except Exception:  # noqa: BLE001, S110
        # The text of the error comes from the project's code, which may raise too.
        pass
    log.error("The handler %s failed.", handler.name, exc_info=error)
    return _failed(request, "handler_error", "The server failed to handle the call.")


def _unhandled(request: UpstreamRequest, registry: Registry) -> UpstreamResponse:
    if request.category == CONNECTIONS and registry.has_hub(request.hub):
        return UpstreamResponse()
    if registry.has_hub(request.hub):
        message = f"The hub {request.hub!r} has no method {request.event!r}."
    else:
        message = f"There is no hub {request.hub!r}."
    return _refused(request, NoHandler("no_handler", message))


def _refused(request: UpstreamRequest, refusal: Refusal) -> UpstreamResponse:
    if request.invocation_id is None:
        return responses.refusal(refusal)
    body = outgoing_frames.error(request.protocol, request.invocation_id, str(refusal))
    return UpstreamResponse(body=body, outcome="refused", reason=refusal.code)


def _failed(request: UpstreamRequest, reason: str, text: str) -> UpstreamResponse:
    if request.invocation_id is not None:
        text = text[:ERROR_LENGTH]
        if not text.strip():
            # Clients take an error without a text for a result of null.
            text = "The server refused the call."
        body = outgoing_frames.error(request.protocol, request.invocation_id, text)
        return UpstreamResponse(body=body, outcome="failed", reason=reason)
    if request.category == CONNECTIONS and request.event.lower() == CONNECTED:
        return responses.problem(403, reason, "The connection was refused.", outcome="failed")
    return UpstreamResponse(outcome="failed", reason=reason)
