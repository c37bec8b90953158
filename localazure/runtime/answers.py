"""What a client sees of upstream's answer. Source: Microsoft's emulator, and users' reports."""

from __future__ import annotations

import json
from typing import Any

import msgpack

from localazure.runtime.events import MESSAGES, ClientEvent

MAXIMUM_BODY_BYTES = 16 * 1024 * 1024
_COMPLETION = 3
_ERROR, _VOID = 1, 2
_RECORD_SEPARATOR = b"\x1e"
_OK, _NO_CONTENT = 200, 204


def frame(event: ClientEvent, status: int, body: bytes) -> bytes | None:
    """Return the bytes that go to the client; None where it gets nothing.

    Only an invocation with an id is answered. A body is passed on as it is: whoever wrote it had
    better written a complete frame of the client's protocol.
    """
    if event.category != MESSAGES or event.invocation_id is None:
        return None
    if status == _NO_CONTENT or (status == _OK and not body):
        return completion(event, None)
    if status != _OK:
        return completion(event, f"Invocation failed, status code {status}")
    if len(body) > MAXIMUM_BODY_BYTES:
        return completion(event, "Invocation failed, response too large.")
    return body


def completion(event: ClientEvent, error: str | None) -> bytes:
    """Return a complete completion frame: void, or an error."""
    if event.is_binary:
        head: list[Any] = [_COMPLETION, {}, event.invocation_id]
        return _length_prefixed(msgpack.packb([*head, _ERROR, error] if error else [*head, _VOID]))
    message = {"type": _COMPLETION, "invocationId": event.invocation_id}
    message |= {"error": error} if error else {}
    return json.dumps(message, separators=(",", ":")).encode("utf-8") + _RECORD_SEPARATOR


def _length_prefixed(message: bytes) -> bytes:
    """Put the length before the message: seven bits a byte, the lowest first."""
    length, prefix = len(message), bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        prefix.append(low | 0x80 if length else low)
        if not length:
            return bytes(prefix) + message
