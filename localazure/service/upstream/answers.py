"""Conversion of an upstream response into the message to the client.

Source: Microsoft's emulator (HttpServerlessMessageHandler). It checks the Content-Length header, so
an empty answer without that header (chunked) completes nothing: the invocation waits for ever.
"""

from __future__ import annotations

from typing import NamedTuple

from localazure.service.protocol.frames import Completion, protocol_named
from localazure.service.upstream.request import MESSAGES, ClientEvent

MAXIMUM_BODY_BYTES = 16 * 1024 * 1024
OK, NO_CONTENT = 200, 204


class Answer(NamedTuple):
    """An upstream answer; `is_empty` when its Content-Length header is 0.

    `body` holds at most one byte more than the limit. `refused_by` names the part of a site of
    Local Azure that refused the request.
    """

    status: int
    body: bytes = b""
    is_empty: bool = False
    refused_by: str | None = None


def client_frame(event: ClientEvent, answer: Answer) -> bytes | None:
    """Return the bytes for the client; None where it receives nothing.

    Only an invocation with an id receives an answer. The body is passed on unchanged: the handler
    has to write a complete frame of the client's protocol.
    """
    if event.category != MESSAGES or not event.invocation_id:
        return None
    if answer.status not in (OK, NO_CONTENT):
        return completion(event, f"Invocation failed, status code {answer.status}")
    if answer.status == NO_CONTENT or answer.is_empty:
        return completion(event, None)
    if len(answer.body) > MAXIMUM_BODY_BYTES:
        return completion(event, "Invocation failed, response too large.")
    return answer.body or None


def completion(event: ClientEvent, error: str | None) -> bytes:
    """Return a complete completion frame: void, or an error."""
    frame = Completion(event.invocation_id or "", error=error)
    return protocol_named(event.protocol).encode(frame)
