"""Calls as HTTP requests of the data-plane REST API.

A body is JSON, which the service converts for clients that use MessagePack. JSON has no bytes, so
arguments that contain some are sent as a complete frame for each protocol. Source: the swagger of
api-version 2024-12-01, and BinaryPayloadMessageContent.cs of Microsoft's Management SDK.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgpack

from upstreams.receiver.protocol import outgoing_frames
from upstreams.sender.calls import Call
from upstreams.sender.client_tokens import ClientIdentity
from upstreams.sender.errors import InvalidCall

API_VERSION: Final = "2024-12-01"
# Where the service returns a temporary access key.
KEY_PATH: Final = "/api/auth/accessKey"
# The service refuses larger bodies with 413.
BODY_BYTES: Final = 1_048_576
_JSON: Final = "application/json; charset=utf-8"
_FRAMES: Final = "application/octet-stream"
_CONTAINERS: Final = (list, tuple, dict)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request: the path below an instance's endpoint, the query, and the body.

    `action` describes the call in messages: "send to group".
    """

    method: str
    path: str
    query: str
    action: str
    is_send: bool = False
    body: bytes = b""
    content_type: str = ""


def request(hub: str, call: Call) -> Request:
    """Return the request of a call. Raises InvalidCall for arguments that cannot be sent."""
    body, content_type = _body(call) if call.is_send else (b"", "")
    if len(body) > BODY_BYTES:
        raise InvalidCall(
            f"The message has {len(body):,} bytes, and the service accepts {BODY_BYTES:,}. Send a "
            "URL from which clients can download the content."
        )
    return Request(
        method=call.method,
        path=f"{_hub_path(hub)}/{call.path}",
        query=_query(call.query),
        action=call.operation.replace("_", " "),
        is_send=call.is_send,
        body=body,
        content_type=content_type,
    )


def token_request(hub: str, client: ClientIdentity) -> Request:
    """Return the request for a client's token, which has no claims of its own."""
    minutes = int(client.lifetime.total_seconds()) // 60
    pairs = [("minutesToExpire", str(minutes))]
    if client.user_id is not None:
        pairs.append(("userId", client.user_id))
    path = f"{_hub_path(hub)}/:generateToken"
    return Request("POST", path, _query(pairs), "generate a client's token")


def key_request() -> Request:
    """Return the request for a temporary access key."""
    return Request("GET", KEY_PATH, _query([]), "read a temporary access key")


@lru_cache(maxsize=256)
def _hub_path(hub: str) -> str:
    return f"/api/hubs/{quote(hub.lower(), safe='')}"


def _query(pairs: list[tuple[str, str]]) -> str:
    version = f"api-version={API_VERSION}"
    return f"{urlencode(pairs, quote_via=quote)}&{version}" if pairs else version


def _body(call: Call) -> tuple[bytes, str]:
    target = call.target or ""
    try:
        if not _has_bytes(call.arguments):
            return outgoing_frames.call_body(target, call.arguments), _JSON
        found = {
            name: outgoing_frames.invocation(name, target, call.arguments)
            for name in outgoing_frames.FORMATS
        }
    except outgoing_frames.Unsendable as problem:
        raise InvalidCall(str(problem)) from problem
    packed: bytes = msgpack.packb(found)
    return packed, _FRAMES


def _has_bytes(arguments: tuple[Any, ...]) -> bool:
    """Return whether bytes are anywhere in the arguments; cycles are left to the encoder."""
    level: list[Any] = list(arguments)
    seen: set[int] = set()
    while level:
        value = level.pop()
        if isinstance(value, bytes | bytearray):
            return True
        if isinstance(value, _CONTAINERS) and id(value) not in seen:
            seen.add(id(value))
            level += value.values() if isinstance(value, dict) else value
    return False
