"""Completions and invocations of the SignalR hub protocol, as complete frames.

The service writes an answer's bytes to the client as they are: a frame that is not marked off (0x1E
after it in JSON, its length before it in MessagePack) would end the whole connection. Source:
ASP.NET Core SignalR, HubProtocol.md, Completion and Invocation.
"""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgpack

from upstreams.receiver.protocol.incoming_bodies import Format

FORMATS: Final[tuple[Format, ...]] = ("json", "messagepack")

_INVOCATION: Final = 1
_COMPLETION: Final = 3
# The kinds of a MessagePack completion.
_ERROR, _VOID, _RESULT = 1, 2, 3
# The JSON name of each kind's value.
_VALUE_NAMES: Final = {_ERROR: "error", _RESULT: "result"}
_CONTAINERS: Final = (dict, list, tuple)
_LOW_SEVEN_BITS: Final = 0x7F
_MORE_FOLLOWS: Final = 0x80


class Unsendable(TypeError):
    """The client's protocol cannot carry the value."""


def void(message_format: Format, invocation_id: str) -> bytes:
    """Return the frame that ends a call without a result."""
    return _frame(message_format, invocation_id, _VOID, None)


def result(message_format: Format, invocation_id: str, value: object) -> bytes:
    """Return the frame that ends a call with `value`. Raises Unsendable."""
    return _frame(message_format, invocation_id, _RESULT, value)


def error(message_format: Format, invocation_id: str, text: str) -> bytes:
    """Return the frame that ends a call with an error, which the client throws."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _frame(message_format, invocation_id, _ERROR, text)


def invocation(message_format: Format, target: str, arguments: tuple[Any, ...]) -> bytes:
    """Return the frame that calls a client's method without waiting. Raises Unsendable.

    In JSON, bytes become base64 text, as ASP.NET Core's protocol has them.
    """
    try:
        if message_format == "json":
            body = f'{{"type":{_INVOCATION},"target":{_TEXT.encode(target)},'
            return f'{body}"arguments":{_arguments(arguments)}}}\x1e'.encode()
        # Six elements, with streamIds: signalrcore requires them.
        frame = [_INVOCATION, {}, None, target, list(arguments), []]
        payload: bytes = msgpack.packb(frame, datetime=True, default=_as_text)
        return _varint(len(payload)) + payload
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:
        raise Unsendable(f"The arguments cannot be sent: {problem}") from problem


def call_body(target: str, arguments: tuple[Any, ...]) -> bytes:
    """Return the JSON that makes the service call a client's method. Raises Unsendable."""
    try:
        return f'{{"target":{_TEXT.encode(target)},"arguments":{_arguments(arguments)}}}'.encode()
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:
        raise Unsendable(f"The arguments cannot be sent: {problem}") from problem


def _arguments(arguments: tuple[Any, ...]) -> str:
    text = _TEXT.encode(arguments)
    if _has_one_name_twice(arguments):
        raise ValueError("two keys of a dict have the same name in JSON")
    return text


def _frame(message_format: Format, invocation_id: str, kind: int, value: object) -> bytes:
    try:
        if message_format == "json":
            return _json(invocation_id, kind, value)
        return _messagepack(invocation_id, kind, value)
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:
        raise Unsendable(
            f"A result of type {type(value).__name__} cannot be sent as {message_format}: {problem}"
        ) from problem


def _json(invocation_id: str, kind: int, value: object) -> bytes:
    # Concatenated: most values are one string, for which the encoder has a fast path. The
    # client rejects a completion that has both a result and an error, even if one is null.
    name = _VALUE_NAMES.get(kind)
    rest = f',"{name}":{_JSON.encode(value)}' if name else ""
    frame = f'{{"type":{_COMPLETION},"invocationId":{_JSON.encode(invocation_id)}{rest}}}\x1e'
    # Last: the encoder has detected cycles.
    if isinstance(value, _CONTAINERS) and _has_one_name_twice(value):
        raise ValueError("two of its keys have the same name in JSON")
    return frame.encode("ascii")


def _has_one_name_twice(value: Any) -> bool:
    """Return whether a dict in `value` has keys like 1 and "1", which JSON writes alike."""
    level = [value]
    while level:
        parent = level.pop()
        if isinstance(parent, dict):
            if not _is_named_once(parent):
                return True
            parent = parent.values()
        level += [child for child in parent if isinstance(child, _CONTAINERS)]
    return False


def _is_named_once(names: dict[Any, Any]) -> bool:
    for name in names:
        if type(name) is not str:
            return len({_as_name(each) for each in names}) == len(names)
    return True


def _as_name(key: object) -> str:
    return key if isinstance(key, str) else _JSON.encode(key)


def _messagepack(invocation_id: str, kind: int, value: object) -> bytes:
    completion: list[Any] = [_COMPLETION, {}, invocation_id, kind]
    if kind != _VOID:
        completion.append(value)
    payload: bytes = msgpack.packb(completion, datetime=True, default=_as_text)
    return _varint(len(payload)) + payload


def _as_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"the type {type(value).__name__} is not supported")


# ASCII: a lone surrogate, which JSON may hold and UTF-8 may not, goes back as it came.
_JSON: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_as_text)


def _as_text_or_base64(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    return _as_text(value)


# UTF-8, in which half a surrogate pair cannot be encoded: the service would refuse its escape.
_TEXT: Final = json.JSONEncoder(
    allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_as_text_or_base64
)


def _varint(number: int) -> bytes:
    """Return `number` in groups of seven bits, the lowest first, as the protocol writes lengths."""
    groups = bytearray()
    while number > _LOW_SEVEN_BITS:
        groups.append(number & _LOW_SEVEN_BITS | _MORE_FOLLOWS)
        number >>= 7
    groups.append(number)
    return bytes(groups)
