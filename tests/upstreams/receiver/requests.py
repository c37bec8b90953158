"""Upstream requests as the service writes them, in the form that a WSGI server gives them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgpack

from upstreams.receiver.protocol.requests import UpstreamRequest, read_request, read_route

JSON = "application/json"
MESSAGEPACK = "application/x-msgpack"


def wire(value: str) -> str:
    """Return `value` as a WSGI server gives a header that was sent as UTF-8."""
    return value.encode().decode("latin-1")


def headers(category: str = "messages", event: str = "echo", **more: str) -> dict[str, str]:
    """Return a request's headers; `more` takes `user_id`, `user_claims`, `client_query`, ..."""
    found = {
        "CONTENT_TYPE": more.pop("content_type", JSON),
        "HTTP_X_ASRS_HUB": more.pop("hub", "chat"),
        "HTTP_X_ASRS_CATEGORY": category,
        "HTTP_X_ASRS_EVENT": event,
        "HTTP_X_ASRS_CONNECTION_ID": more.pop("connection_id", "c-1"),
    }
    return found | {f"HTTP_X_ASRS_{name.upper()}": value for name, value in more.items()}


def json_call(
    arguments: Sequence[Any] = (), *, target: str = "echo", id_: str | None = "0"
) -> bytes:
    """Return what the JavaScript client sends: no invocationId where it does not wait."""
    call: dict[str, Any] = {"target": target, "arguments": list(arguments), "type": 1}
    return json.dumps(call if id_ is None else {**call, "invocationId": id_}).encode()


def messagepack_call(
    arguments: Sequence[Any] = (), *, target: str = "echo", id_: str | None = "0"
) -> bytes:
    """Return what the JavaScript client sends: five elements."""
    body: bytes = msgpack.packb([1, {}, id_, target, list(arguments)])
    return body


def read(found: dict[str, str], body: bytes) -> UpstreamRequest:
    """Read a request whole."""
    return read_request(read_route(found), found, body)
