"""Sends: to all, a user, a group or a connection; and what a body may hold.

A JSON body is a call of a client's method, its keys in any case. A body of
`application/octet-stream` is MessagePack: a map from protocol to the complete frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import msgpack
from starlette.responses import Response

from localazure.service.connections.connection import Connection
from localazure.service.connections.hub import without
from localazure.service.protocol.frames import JSON, MESSAGEPACK, Broadcast, Invocation
from localazure.service.rest.call import RestCall
from localazure.service.rest.errors import RestError, invalid

MAXIMUM_BODY_BYTES: Final = 1024 * 1024
_BINARY: Final = "application/octet-stream"
_ACCEPTED = 202


def send_to_all(rest: RestCall) -> Response:
    """Send to all connections of the hub."""
    return _deliver(rest, rest.hub.connections.values())


def send_to_user(rest: RestCall) -> Response:
    """Send to the connections of a user; 202 also where there are none."""
    return _deliver(rest, rest.hub.of_user(rest.names["user"]))


def send_to_group(rest: RestCall) -> Response:
    """Send to the connections in a group; 202 also where there are none."""
    return _deliver(rest, rest.hub.of_group(rest.names["group"]))


def send_to_connection(rest: RestCall) -> Response:
    """Send to one connection; 202 also where it does not exist."""
    found = rest.hub.connections.get(rest.names["connection"])
    return _deliver(rest, [found] if found else [])


def _deliver(rest: RestCall, connections: Iterable[Connection]) -> Response:
    broadcast = _broadcast(rest)
    for connection in without(connections, rest.excluded):
        connection.deliver(broadcast)
    return Response(status_code=_ACCEPTED)


def _broadcast(rest: RestCall) -> Broadcast:
    if rest.content_type == _BINARY:
        return Broadcast(encoded=_frames(rest.body))
    return Broadcast(read_invocation(rest))


def read_invocation(rest: RestCall) -> Invocation:
    """Return the call that a JSON body describes. Raises RestError."""
    if rest.content_type not in ("application/json", "text/json", ""):
        raise RestError(
            415, "Error.Request.UnsupportedMediaType", f"'{rest.content_type}' is not supported."
        )
    if not rest.body:
        raise invalid("Message in request body is required.", "message")
    try:
        content = _JSON.decode(rest.body.decode(json.detect_encoding(rest.body), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise invalid(f"The request body is not JSON: {error}", "message") from error
    if not isinstance(content, dict):
        raise invalid("Message in request body is required.", "message")
    named = {str(name).lower(): value for name, value in content.items()}
    target, arguments = named.get("target"), named.get("arguments")
    if not isinstance(target, str) or not target:
        raise invalid("The Target field is required.", "target")
    if not isinstance(arguments, list | None):
        raise invalid("The Arguments field must be an array.", "arguments")
    return Invocation(target, tuple(arguments or ()))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


# json.loads would create one for each body.
_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _frames(body: bytes) -> dict[str, bytes]:
    """Return the frames by protocol. Raises RestError."""
    try:
        frames = msgpack.unpackb(body)
    except (ValueError, msgpack.UnpackException) as error:
        raise invalid(f"The request body is not MessagePack: {error}", "message") from error
    if not isinstance(frames, dict) or not all(isinstance(one, bytes) for one in frames.values()):
        raise invalid("The request body must map protocols to frames.", "message")
    return {name: frame for name, frame in frames.items() if name in (JSON, MESSAGEPACK)}
