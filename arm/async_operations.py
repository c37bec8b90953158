"""Long-running operations of ARM: continuation and progress of one poll, without a thread.

Rules: "Track asynchronous Azure operations", learn.microsoft.com/azure/azure-resource-manager.
Microsoft.SignalRService answers a PATCH with 202, `Azure-AsyncOperation`, `Location` and no body.
Its URLs are signed, about 3 kB long, and opaque. `Location` answers 202 while the operation runs,
and with the whole resource once it has succeeded, as recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from arm.errors import OperationFailed, UnexpectedAnswer
from arm.resources import SignalRResource
from arm.transport.error_translation import retry_after_seconds

_SUCCEEDED: Final = "succeeded"
_FAILED: Final = frozenset({"failed", "canceled", "cancelled"})


@dataclass(frozen=True, slots=True)
class LongRunning:
    """A write that ARM accepted.

    `continuation` is opaque text for `ArmClient.poll`, empty when `done`; it holds signed URLs, so
    keep it out of logs and pages. `retry_after` is in seconds, None where Azure does
    not say.
    """

    continuation: str = ""
    retry_after: float | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The result of one poll: `retry_after` is in seconds, None where Azure does not say.

    `resource` is the instance after the operation, if the answer has it.
    """

    done: bool
    retry_after: float | None = None
    resource: SignalRResource | None = None


@dataclass(frozen=True, slots=True)
class PollUrls:
    """Where to poll an operation: its `status`, its `result`, or both. At least one is set."""

    status: str | None
    result: str | None


def started(headers: Mapping[str, str], *, status: int) -> LongRunning:
    """Return what to keep of the answer to a write.

    Raises UnexpectedAnswer for a 202 without a URL to poll.
    """
    status_url = headers.get("Azure-AsyncOperation")
    result_url = headers.get("Location")
    if not (status_url or result_url):
        if status == HTTPStatus.ACCEPTED:
            raise UnexpectedAnswer(
                "Azure accepted the request (202) without a URL at which to poll its result.",
                status=status,
            )
        return LongRunning(done=True)
    return LongRunning(
        continuation=json.dumps({"status_url": status_url, "result_url": result_url}),
        retry_after=retry_after_seconds(headers),
    )


def poll_urls(continuation: str) -> PollUrls:
    """Return the URLs of `continuation`.

    Raises UnexpectedAnswer for text that `started` did not write.
    """
    try:
        kept = json.loads(continuation)
        urls = PollUrls(kept["status_url"], kept["result_url"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedAnswer(
            "The stored state of the operation is not one that Signalman wrote."
        ) from error
    if not (urls.status or urls.result):
        raise UnexpectedAnswer("The stored state of the operation is not one that Signalman wrote.")
    return urls


def result_progress(status: int, headers: Mapping[str, str], body: object) -> Progress | None:
    """Return what the answer of a result's URL says, or None if the status has to be read.

    The answer decides only if it is 202, which means running, or an instance that Azure calls
    Succeeded. How a failed operation answers here is not documented.
    """
    if status == HTTPStatus.ACCEPTED:
        return Progress(done=False, retry_after=retry_after_seconds(headers))
    if status != HTTPStatus.OK or _state_of(body) != _SUCCEEDED:
        return None
    if not isinstance(body, Mapping) or "status" in body:
        return None
    return Progress(done=True, resource=SignalRResource.from_arm(body))


def progress(status: int, headers: Mapping[str, str], body: object) -> Progress:
    """Return what the answer to a poll says.

    `status` is a success; `body` is the parsed JSON, or None. Raises OperationFailed, with status
    200 as ARM has it, where the operation ended badly.
    """
    state = _state_of(body)
    if state in _FAILED:
        raise _failure(body, state=state, status=status)
    if state is None:
        return Progress(status != HTTPStatus.ACCEPTED, retry_after_seconds(headers))
    return Progress(state == _SUCCEEDED, retry_after_seconds(headers))


def _state_of(body: object) -> str | None:
    """Return an operation's `status`, or a resource's `provisioningState`, in lower case."""
    if not isinstance(body, Mapping):
        return None
    state = body.get("status")
    properties = body.get("properties")
    if not isinstance(state, str) and isinstance(properties, Mapping):
        state = properties.get("provisioningState")
    return state.casefold() if isinstance(state, str) else None


def _failure(body: object, *, state: str, status: int) -> OperationFailed:
    error: Mapping[str, Any] = {}
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        error = body["error"]
    return OperationFailed(
        str(error.get("message") or f"The operation ended as {state}."),
        code=str(error.get("code") or state.capitalize()),
        status=status,
    )
