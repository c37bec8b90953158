"""Messages to clients, and the two protocols that encode them.

Source: dotnet/aspnetcore, src/SignalR/docs/specs/HubProtocol.md; an invocation in MessagePack has
six elements, which Microsoft's JavaScript client accepts and signalrcore requires.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgpack

INVOCATION: Final = 1
STREAM_ITEM: Final = 2
COMPLETION: Final = 3
STREAM_INVOCATION: Final = 4
CANCEL_INVOCATION: Final = 5
PING: Final = 6
CLOSE: Final = 7

RECORD_SEPARATOR: Final = b"\x1e"
JSON: Final = "json"
MESSAGEPACK: Final = "messagepack"
_ERROR, _VOID, _RESULT = 1, 2, 3
# json.dumps would create one for each frame.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Invocation:
    """A call of a client's method; with an `invocation_id` the client answers with a result."""

    target: str
    arguments: tuple[Any, ...] = ()
    invocation_id: str | None = None


@dataclass(frozen=True)
class Completion:
    """The end of an invocation: with a result, an error, or neither (void)."""

    invocation_id: str
    result: Any = None
    error: str | None = None
    has_result: bool = False


@dataclass(frozen=True)
class Ping:
    """A keep-alive."""


@dataclass(frozen=True)
class Close:
    """The last frame of a connection."""

    error: str | None = None
    allow_reconnect: bool = False


Frame = Invocation | Completion | Ping | Close


class HubProtocol(Protocol):
    """Encodes frames with their delimiter or length prefix."""

    name: str
    is_binary: bool

    def encode(self, frame: Frame) -> bytes:
        """Return the complete frame."""


class JsonProtocol:
    """Text frames, each ended by the record separator."""

    name = JSON
    is_binary = False

    def encode(self, frame: Frame) -> bytes:
        """Return the complete frame. Raises ValueError on a value that JSON cannot hold."""
        return _ENCODER.encode(_json(frame)).encode("ascii") + RECORD_SEPARATOR


class MessagePackProtocol:
    """Binary frames, each after its length."""

    name = MESSAGEPACK
    is_binary = True

    def encode(self, frame: Frame) -> bytes:
        """Return the complete frame."""
        return with_length(msgpack.packb(_array(frame), unicode_errors="replace"))


_PROTOCOLS: dict[str, HubProtocol] = {JSON: JsonProtocol(), MESSAGEPACK: MessagePackProtocol()}


def protocol_named(name: str) -> HubProtocol:
    """Return the protocol of that name. Raises KeyError."""
    return _PROTOCOLS[name]


@dataclass
class Broadcast:
    """A message for many clients, encoded at most once for each protocol."""

    frame: Frame | None = None
    encoded: dict[str, bytes] = field(default_factory=dict)

    def bytes_for(self, protocol: HubProtocol) -> bytes | None:
        """Return the frame for that protocol; None where the sender gave none for it."""
        if protocol.name not in self.encoded and self.frame is not None:
            self.encoded[protocol.name] = protocol.encode(self.frame)
        return self.encoded.get(protocol.name)


def with_length(message: bytes) -> bytes:
    """Prefix a message with its length: seven bits a byte, the lowest first."""
    length, prefix = len(message), bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        prefix.append(low | 0x80 if length else low)
        if not length:
            return bytes(prefix) + message


def _json(frame: Frame) -> dict[str, Any]:
    match frame:
        case Invocation(target, arguments, invocation_id):
            answered = {"invocationId": invocation_id} if invocation_id else {}
            called = {"target": target, "arguments": list(arguments)}
            return {"type": INVOCATION, **answered, **called}
        case Completion(invocation_id, result, error, has_result):
            outcome = {"result": result} if has_result else {}
            outcome = {"error": error} if error is not None else outcome
            return {"type": COMPLETION, "invocationId": invocation_id, **outcome}
        case Close(error, allow_reconnect):
            reason = {"error": error} if error is not None else {}
            return {"type": CLOSE, **reason, "allowReconnect": allow_reconnect}
        case Ping():
            return {"type": PING}


def _array(frame: Frame) -> list[Any]:
    match frame:
        case Invocation(target, arguments, invocation_id):
            return [INVOCATION, {}, invocation_id, target, list(arguments), []]
        case Completion(invocation_id, result, error, has_result):
            if error is not None:
                return [COMPLETION, {}, invocation_id, _ERROR, error]
            outcome = [_RESULT, result] if has_result else [_VOID]
            return [COMPLETION, {}, invocation_id, *outcome]
        case Close(error, allow_reconnect):
            return [CLOSE, error, allow_reconnect]
        case Ping():
            return [PING]
