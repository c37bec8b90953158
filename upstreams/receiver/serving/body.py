"""Reads a request's body from an ASGI server, within limits of size and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from upstreams.receiver.protocol.refusals import BodyTimeout, BodyTooLarge, ProtocolError
from upstreams.receiver.serving.body_deadlines import Deadlines, TimeLimit

if TYPE_CHECKING:
    from asgiref.typing import ASGIReceiveCallable

# More digits than any length has; int() takes long for many.
_LENGTH_DIGITS: Final = 19
# Each part costs the event loop time. A network's smallest segments have 536 bytes.
_PARTS: Final = 128
_BYTES_A_PART: Final = 128

_deadlines: Final = Deadlines()


def check_length(header: str, max_bytes: int) -> None:
    """Raise BodyTooLarge where a Content-Length header announces a body that is too large."""
    if header.isdecimal() and (len(header) > _LENGTH_DIGITS or int(header) > max_bytes):
        raise too_large(max_bytes)


def too_large(max_bytes: int) -> BodyTooLarge:
    """Return the refusal of a body that is too large."""
    return BodyTooLarge("body_too_large", f"The body is larger than {max_bytes} bytes.")


async def read_body(
    receive: ASGIReceiveCallable, length: str, *, max_bytes: int, seconds: float
) -> bytes:
    """Return the whole body; `length` is the Content-Length header.

    Raises BodyTooLarge, BodyTimeout where it does not arrive within `seconds`, and ProtocolError
    where it ends early or arrives in very small parts.
    """
    if length == "0":
        return b""
    check_length(length, max_bytes)
    parts: list[bytes] = []
    size = 0
    try:
        with TimeLimit(_deadlines, seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ProtocolError(
                        "body_incomplete",
                        "The connection was closed before the body was complete.",
                    )
                part = message["body"]
                size += len(part)
                if size > max_bytes:
                    raise too_large(max_bytes)
                parts.append(part)
                if len(parts) > _PARTS + size // _BYTES_A_PART:
                    raise ProtocolError(
                        "body_fragmented", "The body arrives in too many small parts."
                    )
                # A server may announce more until the next receive.
                if not message["more_body"] or (length and str(size) == length):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise BodyTimeout(
            "body_timeout", f"The body did not arrive within {seconds:g} seconds."
        ) from None
