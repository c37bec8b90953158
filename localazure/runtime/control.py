"""`/_local/events` and `/_local/tokens`: what makes the runtime act."""

from __future__ import annotations

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.arm.resources import Resource
from localazure.arm.signalr.shape import TYPE as SIGNALR
from localazure.control import ControlError, content
from localazure.entra.forging import forge
from localazure.entra.managed import NoIdentity
from localazure.runtime.events import ClientEvent
from localazure.runtime.service import Outcome, send
from localazure.world import World, world_of

# Enough for a refusal's reason.
_SHOWN_BYTES = 4096
# JSON names of ClientEvent's fields that differ from their Python names.
_NAMES = {"connectionId": "connection_id", "userId": "user_id", "invocationId": "invocation_id"}


async def post_event(request: Request) -> JSONResponse:
    """POST /_local/events: a client of an instance did something."""
    body = await content(request)
    world = world_of(request)
    world.operations.settle()
    try:
        token = body.pop("token", None)
        instance = _instance(world, body.pop("instance"))
        event = _event(body)
    except (KeyError, TypeError, ValueError) as error:
        raise ControlError(f"Not an event: {error}") from error
    outcome = await send(world, request.app.state.http, instance, event, token)
    return JSONResponse(_as_json(event, outcome))


async def post_token(request: Request) -> JSONResponse:
    """POST /_local/tokens: a token to order, good or bad."""
    body = await content(request)
    try:
        return JSONResponse({"token": forge(world_of(request), body)})
    except (KeyError, TypeError, ValueError, NoIdentity) as error:
        raise ControlError(f"No such token: {error}") from error


def _instance(world: World, name: str) -> Resource:
    for instance in world.resources.of_type(SIGNALR):
        if instance.name.lower() == name.lower():
            return instance
    raise ValueError(f"there is no instance '{name}'.")


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
        # Text of the JSON protocol, base64 of the MessagePack one.
        "clientFrame": frame,
        "error": outcome.error,
        "answer": outcome.answer[:_SHOWN_BYTES].decode("utf-8", "replace"),
    }


ROUTES = [
    Route("/_local/events", post_event, methods=["POST"]),
    Route("/_local/tokens", post_token, methods=["POST"]),
]
