"""The control plane of the service: events without a client, custom tokens, connections."""

from __future__ import annotations

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.control_plane import ControlError, content, reason_of
from localazure.entra.custom_tokens import custom_token
from localazure.entra.directory.managed_identities import NoIdentity
from localazure.service.instances import find_instance
from localazure.service.upstream.request import ClientEvent
from localazure.service.upstream.sending import Outcome, send_event
from localazure.world import world_of

# Enough for the reason of a refusal.
_SHOWN_BYTES = 4096
# JSON names of ClientEvent's fields that differ from their Python names.
_NAMES = {"connectionId": "connection_id", "userId": "user_id", "invocationId": "invocation_id"}


async def post_event(request: Request) -> JSONResponse:
    """POST /_local/events: send an event upstream as if a client had caused it."""
    body = await content(request)
    world = world_of(request)
    world.operations.settle()
    try:
        token = body.pop("token", None)
        name = body.pop("instance")
        event = _event(body)
    except (KeyError, TypeError, ValueError) as error:
        raise ControlError(f"The event is invalid. {reason_of(error)}") from error
    instance = find_instance(world, name)
    if instance is None:
        raise ControlError(f"There is no instance '{name}'.")
    outcome = await send_event(world, request.state.http, instance.resource, event, token)
    return JSONResponse(_as_json(event, outcome))


async def post_token(request: Request) -> JSONResponse:
    """POST /_local/tokens: return a custom token, valid or not."""
    body = await content(request)
    try:
        return JSONResponse({"token": custom_token(world_of(request), body)})
    except (KeyError, TypeError, ValueError, NoIdentity) as error:
        raise ControlError(f"The token cannot be created. {reason_of(error)}") from error


async def list_connections(request: Request) -> JSONResponse:
    """GET /_local/connections: the clients' connections to all instances."""
    return JSONResponse([one.to_json() for one in world_of(request).service.connections])


async def drop_connections(request: Request) -> JSONResponse:
    """POST /_local/connections/drop {connectionId?}: break network connections, all by default."""
    connection_id = (await content(request)).get("connectionId")
    dropped = 0
    for connection in world_of(request).service.connections:
        if connection_id in (None, connection.id):
            connection.abort("The connection was dropped.")
            dropped += 1
    return JSONResponse({"dropped": dropped})


def _event(body: dict[str, Any]) -> ClientEvent:
    fields = {_NAMES.get(name, name): value for name, value in body.items()}
    fields["claims"] = tuple((kind, value) for kind, value in fields.get("claims", ()))
    fields["arguments"] = tuple(fields.get("arguments", ()))
    return ClientEvent(**fields)


def _as_json(event: ClientEvent, outcome: Outcome) -> dict[str, Any]:
    frame = None
    if outcome.frame is not None:
        binary = base64.b64encode(outcome.frame).decode("ascii")
        frame = binary if event.is_binary else outcome.frame.decode("utf-8", "replace")
    return {
        "connectionId": event.connection_id,
        "matched": outcome.matched,
        "url": outcome.url,
        "status": outcome.status,
        # Text in the JSON protocol, base64 in MessagePack.
        "clientFrame": frame,
        "error": outcome.error,
        # Of sites of this Local Azure only, which other receivers do not tell.
        "refusedBy": outcome.refused_by,
        "answer": outcome.answer[:_SHOWN_BYTES].decode("utf-8", "replace"),
    }


ROUTES = [
    Route("/_local/events", post_event, methods=["POST"]),
    Route("/_local/tokens", post_token, methods=["POST"]),
    Route("/_local/connections", list_connections),
    Route("/_local/connections/drop", drop_connections, methods=["POST"]),
]
