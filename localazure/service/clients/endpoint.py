"""The client endpoint over HTTP: requests by method and state, with CORS."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Send

from localazure.service.clients.admission import Admitted, admit
from localazure.service.clients.long_polling import poll, start_polling
from localazure.service.clients.negotiation import negotiate
from localazure.service.clients.refusals import Refused, not_found
from localazure.service.clients.server_sent_events import serve_events
from localazure.service.connections.connection import LONG_POLLING, Connection
from localazure.service.context import Call
from localazure.serving.requests import whole_body

PATHS = ("/client", "/client/")
NEGOTIATION = "/client/negotiate"
_PREFLIGHT_SECONDS = "86400"


async def serve_client(call: Call, receive: Receive, send: Send) -> None:
    """Answer a request below `/client`."""
    allowed = _cors(call)

    async def with_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowed)
        await send(message)

    try:
        response = await _answer(call, receive, send, allowed)
    except Refused as refusal:
        response = refusal.response
    if response is not None:
        await response(call.scope, receive, with_cors)


async def _answer(
    call: Call, receive: Receive, send: Send, allowed: dict[str, str]
) -> Response | None:
    """Return the answer; None where it was sent already. Raises Refused."""
    method = call.scope["method"]
    if method == "OPTIONS":
        return _preflight(call)
    if call.path == NEGOTIATION:
        return negotiate(call) if method == "POST" else Response(status_code=405)
    admitted = admit(call)
    if method == "GET":
        return await _get(call, admitted, receive, send, allowed)
    connection = _open(call, admitted)
    return not_found() if connection is None else await _act(call, connection, receive)


async def _act(call: Call, connection: Connection, receive: Receive) -> Response:
    """Receive the client's messages, or end its long polling."""
    method = call.scope["method"]
    if method == "POST":
        await connection.receive(await whole_body(receive))
        return Response(status_code=200)
    if method == "DELETE" and connection.transport == LONG_POLLING:
        connection.incoming.end()
        return Response(status_code=202)
    return Response(status_code=405)


async def _get(
    call: Call, admitted: Admitted, receive: Receive, send: Send, allowed: dict[str, str]
) -> Response | None:
    if "text/event-stream" in call.connection.headers.get("accept", ""):
        extra = [(name.lower().encode(), value.encode()) for name, value in allowed.items()]
        await serve_events(call, admitted, receive, send, extra)
        return None
    connection = _open(call, admitted)
    if connection is None:
        return start_polling(call, admitted)
    if connection.transport != LONG_POLLING:
        return Response(status_code=409)
    return await poll(call, connection, receive)


def _open(call: Call, admitted: Admitted) -> Connection | None:
    token = call.connection.query_params.get("id", "")
    return call.world.service.connections.find(token, admitted.place)


def _cors(call: Call) -> dict[str, str]:
    """Return the headers for an allowed origin, which is echoed since clients send credentials."""
    origin = call.connection.headers.get("origin")
    if not origin or not call.instance.allows_origin(origin):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def _preflight(call: Call) -> Response:
    asked = call.connection.headers
    headers = {
        "Access-Control-Allow-Methods": asked.get("access-control-request-method", "GET"),
        "Access-Control-Allow-Headers": asked.get("access-control-request-headers", ""),
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
    }
    return Response(status_code=204, headers=headers if _cors(call) else None)
