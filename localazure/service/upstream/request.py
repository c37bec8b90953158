"""A client's event and the upstream request that the service sends for it.

Sources: Microsoft's "Upstream endpoints" page and emulator, and frames of Microsoft's JavaScript
client. Pure functions.
"""

from __future__ import annotations

import hmac
import json
import uuid
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgpack

CONNECTIONS = "connections"
MESSAGES = "messages"
CONNECTED = "connected"
DISCONNECTED = "disconnected"
JSON_TYPE = "application/json"
MESSAGEPACK_TYPE = "application/x-msgpack"

_INVOCATION, _OPEN, _CLOSE = 1, 10, 11


@dataclass(frozen=True)
class ClientEvent:
    """What a client did: connected, disconnected (perhaps with `error`), or sent a message.

    `claims` are pairs of type and value; `query` is the client's own, without its question mark.
    A message with an `invocation_id` waits for an answer. `payload` is the client's frame without
    delimiter or length prefix, which is forwarded unchanged; without it a frame is written from
    `arguments`.
    """

    hub: str
    category: str
    event: str
    connection_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    user_id: str | None = None
    claims: tuple[tuple[str, str], ...] = ()
    query: str = ""
    arguments: tuple[Any, ...] = ()
    invocation_id: str | None = None
    error: str | None = None
    protocol: str = "json"
    payload: bytes | None = None

    def __post_init__(self) -> None:
        if self.category not in (CONNECTIONS, MESSAGES):
            raise ValueError("category must be connections or messages.")
        if self.category == CONNECTIONS and self.event not in (CONNECTED, DISCONNECTED):
            raise ValueError("event must be connected or disconnected in the category connections.")
        if self.protocol not in ("json", "messagepack"):
            raise ValueError("protocol must be json or messagepack.")
        for name in ("hub", "event", "connection_id"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be a string.")

    @property
    def is_binary(self) -> bool:
        """Whether the body is MessagePack; connections' events are always JSON."""
        return self.category == MESSAGES and self.protocol == "messagepack"

    @property
    def content_type(self) -> str:
        """The body's media type."""
        return MESSAGEPACK_TYPE if self.is_binary else JSON_TYPE

    def body(self) -> bytes:
        """Return the hub-protocol frame without its delimiter, as the service forwards it."""
        if self.payload is not None:
            return self.payload
        if self.is_binary:
            packed: bytes = msgpack.packb(
                [_INVOCATION, {}, self.invocation_id, self.event, list(self.arguments)]
            )
            return packed
        return json.dumps(self._frame(), ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )

    def _frame(self) -> dict[str, Any]:
        if self.category == MESSAGES:
            frame = {"target": self.event, "arguments": list(self.arguments)}
            answered = {"invocationId": self.invocation_id} if self.invocation_id else {}
            return {"type": _INVOCATION, **answered, **frame}
        if self.event == CONNECTED:
            return {"type": _OPEN}
        # The emulator capitalises these two, unlike all others.
        return {"Type": _CLOSE, **({"Error": self.error} if self.error else {})}

    def headers(self, access_keys: list[str], token: str | None) -> list[tuple[str, str]]:
        """Return the headers; `access_keys` is empty where local authentication is disabled.

        Raises ValueError where a value cannot be sent in a header.
        """
        named = {
            "Content-Type": self.content_type,
            "X-ASRS-Connection-Id": self.connection_id,
            "X-ASRS-Hub": self.hub,
            "X-ASRS-Category": self.category,
            "X-ASRS-Event": self.event,
            "X-ASRS-User-Id": self.user_id,
            "X-ASRS-User-Claims": ", ".join(f"{kind}: {value}" for kind, value in self.claims),
            "X-ASRS-Client-Query": f"?{self.query}" if self.query else None,
            "X-ASRS-Signature": signature(self.connection_id, access_keys),
            "Authorization": f"Bearer {token}" if token else None,
        }
        return [(name, _header_value(name, text)) for name, text in named.items() if text]


def _header_value(name: str, text: str) -> str:
    # .NET rejects these too: the request fails before it is sent.
    if "\n" in text or "\r" in text or "\0" in text:
        raise ValueError(
            f"The value of the header {name} contains a line break or a null character."
        )
    value = text.strip(" \t")
    # Half a surrogate pair becomes a question mark.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def signature(connection_id: str, access_keys: list[str]) -> str:
    """Return X-ASRS-Signature: an HMAC-SHA256 of the connection id for each key, primary first.

    Upper-case hexadecimal, joined with a comma and a space: as the emulator and .NET write it.
    """
    digests = [
        hmac.new(key.encode("utf-8"), connection_id.encode("utf-8", "replace"), sha256).hexdigest()
        for key in access_keys
    ]
    return ", ".join(f"sha256={digest.upper()}" for digest in digests)
