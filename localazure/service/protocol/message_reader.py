"""Decoding of client data: the handshake, then messages of one protocol.

A message keeps its own bytes, since the service forwards them upstream unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgpack

from localazure.service.protocol.frames import (
    COMPLETION,
    INVOCATION,
    MESSAGEPACK,
    RECORD_SEPARATOR,
    HubProtocol,
    protocol_named,
)

_VERSIONS = (1, 2)
_LENGTH_BYTES = 5
_HANDSHAKE_BYTES = 4096
_ERROR_KIND, _RESULT_KIND = 1, 3
_TARGET_INDEX, _PAYLOAD_INDEX = 3, 4


class ProtocolError(Exception):
    """The client violated its protocol; the text says how."""


class HandshakeError(ProtocolError):
    """The handshake cannot be accepted; the client receives the text."""


class Message(NamedTuple):
    """One message of a client. `payload` is the frame without delimiter or length prefix."""

    kind: int
    payload: bytes
    target: str = ""
    invocation_id: str | None = None
    result: Any = None
    error: str | None = None


def read_handshake(data: bytes) -> tuple[HubProtocol, bytes] | None:
    """Return the protocol and the bytes after the request; None while it is incomplete.

    Raises HandshakeError, with ASP.NET Core's messages.
    """
    request, separator, rest = data.partition(RECORD_SEPARATOR)
    if not separator:
        if len(data) > _HANDSHAKE_BYTES:
            raise HandshakeError("The handshake request is too large.")
        return None
    try:
        content = json.loads(request)
        name, version = content["protocol"], content["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise HandshakeError("An unexpected error occurred during connection handshake.") from error
    try:
        protocol = protocol_named(str(name).lower())
    except KeyError as error:
        raise HandshakeError(f"The protocol '{name}' is not supported.") from error
    if version not in _VERSIONS:
        text = f"The server does not support version {version} of the '{name}' protocol."
        raise HandshakeError(text)
    return protocol, rest


def handshake_response(error: str | None = None) -> bytes:
    """Return the answer to a handshake, which is JSON text in both protocols."""
    return json.dumps({"error": error} if error else {}).encode("utf-8") + RECORD_SEPARATOR


class MessageReader:
    """Splits what a client sends into messages; keeps the incomplete rest for the next bytes."""

    def __init__(self, protocol: HubProtocol, limit: int) -> None:
        self._is_binary = protocol.name == MESSAGEPACK
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes. Raises ProtocolError."""
        self._rest += data
        while (payload := self._next()) is not None:
            if payload:
                yield _unpacked(payload) if self._is_binary else _parsed(payload)
        if len(self._rest) > self._limit:
            raise ProtocolError("The message is too large.")

    def _next(self) -> bytes | None:
        if not self._is_binary:
            payload, separator, rest = self._rest.partition(RECORD_SEPARATOR)
            if not separator:
                return None
            self._rest = rest
            return payload
        prefix = _length(self._rest)
        if prefix is None:
            return None
        length, start = prefix
        if len(self._rest) < start + length:
            return None
        payload, self._rest = self._rest[start : start + length], self._rest[start + length :]
        return payload


def _length(data: bytes) -> tuple[int, int] | None:
    """Return the length and the size of its prefix; None while the prefix is incomplete."""
    value = 0
    for index, byte in enumerate(data[:_LENGTH_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, index + 1
    if len(data) >= _LENGTH_BYTES:
        raise ProtocolError("Messages over 2GB in size are not supported.")
    return None


def _parsed(payload: bytes) -> Message:
    try:
        content = json.loads(payload)
        kind = content["type"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProtocolError("Error reading JSON.") from error
    if not isinstance(kind, int):
        raise ProtocolError("Expected 'type' to be of type Number.")
    target, invocation_id = content.get("target", ""), content.get("invocationId")
    if kind == INVOCATION and not (isinstance(target, str) and target):
        raise ProtocolError("Missing required property 'target'.")
    if invocation_id is not None and not isinstance(invocation_id, str):
        raise ProtocolError("Expected 'invocationId' to be of type String.")
    return Message(
        kind,
        payload,
        target if isinstance(target, str) else "",
        invocation_id,
        content.get("result"),
        _text(content.get("error")),
    )


def _unpacked(payload: bytes) -> Message:
    try:
        content = msgpack.unpackb(payload, strict_map_key=False, unicode_errors="replace")
        kind = content[0]
        if kind == INVOCATION:
            return _invocation(payload, content)
        if kind == COMPLETION:
            return _completion(payload, content)
    except (ValueError, LookupError, TypeError, msgpack.UnpackException) as error:
        raise ProtocolError("Error reading MessagePack.") from error
    if not isinstance(kind, int):
        raise ProtocolError("Reading 'messageType' as Int32 failed.")
    identifier = content[2] if len(content) > 2 and isinstance(content[2], str) else None  # noqa: PLR2004
    return Message(kind, payload, invocation_id=identifier)


def _invocation(payload: bytes, content: list[Any]) -> Message:
    target, invocation_id = content[_TARGET_INDEX], content[2]
    if not isinstance(target, str) or not isinstance(invocation_id, str | None):
        raise TypeError("target and invocationId are strings")
    return Message(INVOCATION, payload, target, invocation_id)


def _completion(payload: bytes, content: list[Any]) -> Message:
    invocation_id, kind = content[2], content[3]
    value = content[_PAYLOAD_INDEX] if kind in (_ERROR_KIND, _RESULT_KIND) else None
    if kind == _ERROR_KIND:
        return Message(COMPLETION, payload, invocation_id=invocation_id, error=_text(value))
    return Message(COMPLETION, payload, invocation_id=invocation_id, result=value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
