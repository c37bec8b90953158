"""The two forms of a body: JSON, and MessagePack for messages of clients that speak it.

A body is the client's own hub-protocol frame without the record separator or the length prefix.
Sources: Microsoft.Azure.SignalR.Serverless.Protocols (message types 1, 10 and 11, keys in any
case); ASP.NET Core SignalR, HubProtocol.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple, NoReturn, cast

import msgpack

from upstreams.receiver.protocol import limits
from upstreams.receiver.protocol.refusals import ProtocolError, UnsupportedBody
from upstreams.url_templates.patterns import CONNECTED

Format = Literal["json", "messagepack"]

_MEDIA_TYPES: Final[dict[str, Format]] = {
    "application/json": "json",
    "application/x-msgpack": "messagepack",
}
_INVOCATION: Final = 1
_OPEN: Final = 10
_CLOSE: Final = 11
# type, headers, invocationId, target, arguments; clients may add streamIds.
_INVOCATION_FIELDS: Final = 5
# Not `list | dict`, which would be created for each argument.
_CONTAINERS: Final = (list, dict)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ProtocolError("body_malformed", "The body contains a number that is too large.")
    return number


# json.loads would create one for each body.
_JSON: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
# Gives a list of pairs for each object.
_JSON_PAIRS: Final = json.JSONDecoder(object_pairs_hook=list)


class Message(NamedTuple):
    """The content of a body. Everything is empty for a connection that opens or closes cleanly."""

    invocation_id: str | None = None
    target: str | None = None
    arguments: tuple[Any, ...] = ()
    error: str | None = None


def media_format(content_type: str) -> Format:
    """Return the form of a body of that Content-Type, its parameters ignored.

    Raises UnsupportedBody for any other than the two that the service sends.
    """
    message_format = _MEDIA_TYPES.get(content_type) or _MEDIA_TYPES.get(
        content_type.partition(";")[0].strip().lower()
    )
    if message_format is None:
        raise UnsupportedBody(
            "media_type", "The Content-Type must be application/json or application/x-msgpack."
        )
    return message_format


def read_body(category: str, event: str, message_format: Format, body: bytes) -> Message:
    """Return the content of the body. Raises UnsupportedBody or ProtocolError."""
    if category == "messages":
        message = _read_json(body) if message_format == "json" else _read_messagepack(body)
        # The header decides the route and the body the call: both must name the same method.
        if message.target is None or message.target.lower() != event.lower():
            raise ProtocolError(
                "target_mismatch", "The body's target differs from the X-ASRS-Event header."
            )
        return message
    if message_format != "json":
        raise UnsupportedBody(
            "media_type", "The Content-Type of a connection event must be application/json."
        )
    return _opened(body) if event.lower() == CONNECTED else _closed(body)


def _opened(body: bytes) -> Message:
    # Microsoft's own receiver ignores this body, so a missing one is accepted.
    if body:
        _expect_type(_json_object(body).get("type"), _OPEN)
    return Message()


def _closed(body: bytes) -> Message:
    fields = _json_object(body)
    _expect_type(fields.get("type"), _CLOSE)
    error = fields.get("error")
    if error is not None and not isinstance(error, str):
        raise ProtocolError("body_field", "The body's error must be a string or null.")
    return Message(error=error or None)


def _read_json(body: bytes) -> Message:
    fields = _json_object(body)
    _expect_type(fields.get("type"), _INVOCATION)
    arguments = fields.get("arguments")
    return _invocation(
        fields.get("invocationid"), fields.get("target"), [] if arguments is None else arguments
    )


def _read_messagepack(body: bytes) -> Message:
    try:
        fields = msgpack.unpackb(
            body, raw=False, timestamp=3, strict_map_key=True, ext_hook=_unknown_extension
        )
        # An array header may promise any length; the unpacker bounds it by the body's own.
    except (ValueError, msgpack.UnpackException, OverflowError, RecursionError) as error:
        raise ProtocolError("body_malformed", "The body is not valid MessagePack.") from error
    if not isinstance(fields, list) or len(fields) < _INVOCATION_FIELDS:
        raise ProtocolError(
            "body_field", "The body must be an array [1, headers, invocationId, target, arguments]."
        )
    kind, headers, invocation_id, target, arguments = fields[:_INVOCATION_FIELDS]
    _expect_type(kind, _INVOCATION)
    if not isinstance(headers, dict):
        raise ProtocolError("body_field", "The body's headers must be a map.")
    return _invocation(invocation_id, target, arguments)


def _unknown_extension(_code: int, _data: bytes) -> None:
    """Return null for an unknown extension type, as Microsoft's reader does."""


def _invocation(invocation_id: object, target: object, arguments: object) -> Message:
    if invocation_id is not None and not (
        isinstance(invocation_id, str)
        and len(invocation_id) <= limits.INVOCATION_ID_LENGTH
        and invocation_id.isprintable()
    ):
        raise ProtocolError(
            "body_field",
            "The body's invocationId must be null or a printable string of at most "
            f"{limits.INVOCATION_ID_LENGTH} characters.",
        )
    if not isinstance(target, str):
        raise ProtocolError("body_field", "The body's target must be a string.")
    if not isinstance(arguments, list) or len(arguments) > limits.ARGUMENTS:
        raise ProtocolError(
            "body_field",
            f"The body's arguments must be a list of at most {limits.ARGUMENTS} values.",
        )
    _check_nesting(arguments)
    return Message(invocation_id=invocation_id or None, target=target, arguments=tuple(arguments))


def _json_object(body: bytes) -> dict[str, Any]:
    """Return the body's fields by lower-case name. Raises ProtocolError."""
    try:
        text = body.decode("utf-8")
        found = _JSON.decode(text)
        is_repetitive = isinstance(found, dict) and _is_repetitive(text, found)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("body_malformed", "The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise ProtocolError("body_field", "The body must be a JSON object.")
    fields = {name.lower(): value for name, value in found.items()}
    if is_repetitive or len(fields) != len(found):
        raise ProtocolError("body_field", "The body has two fields with the same name.")
    return fields


def _is_repetitive(text: str, fields: dict[str, Any]) -> bool:
    """Return whether a field occurs twice; the decoder keeps the last.

    Keeping both costs a call for each object in the arguments. Two cheap tests avoid it for nearly
    all bodies: each name has a colon, and a name without escapes appears literally.
    """
    if text.count(":") == len(fields):
        return False
    if "\\" not in text and all(text.count(f'"{name}"') == 1 for name in fields):
        return False
    return len(_JSON_PAIRS.decode(text)) != len(fields)


def _expect_type(kind: object, expected: int) -> None:
    if type(kind) is not int or kind != expected:
        raise ProtocolError("body_type", f"The body's type must be {expected} for this event.")


def _check_nesting(arguments: list[Any]) -> None:
    """Raise ProtocolError where lists and maps are nested too deeply."""
    level: list[Any] = [value for value in arguments if isinstance(value, _CONTAINERS)]
    for _ in range(limits.NESTING):
        if not level:
            return
        level = [child for parent in level for child in _containers(parent)]
    raise ProtocolError(
        "body_nesting", f"The arguments are nested more than {limits.NESTING} levels deep."
    )


def _containers(parent: object) -> Iterator[object]:
    if isinstance(parent, dict):
        if not all(isinstance(name, str) for name in parent):
            raise ProtocolError("body_field", "The keys of a map must be strings.")
        children: Iterable[object] = parent.values()
    else:
        children = cast("list[object]", parent)
    return (child for child in children if isinstance(child, _CONTAINERS))
