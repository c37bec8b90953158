"""`POST /client/negotiate`: the available transports, and the connection's id and token.

Source: dotnet/aspnetcore, TransportProtocols.md. Version 0 has one id; stateful reconnect is not
offered, so that clients reconnect without it.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from localazure.service.clients.admission import admit, require_capacity
from localazure.service.connections.connection import (
    LONG_POLLING,
    SERVER_SENT_EVENTS,
    WEB_SOCKETS,
)
from localazure.service.context import Call

_TRANSPORTS: Final = (
    (1, WEB_SOCKETS, ("Text", "Binary")),
    (2, SERVER_SENT_EVENTS, ("Text",)),
    (4, LONG_POLLING, ("Text", "Binary")),
)


def negotiate(call: Call) -> Response:
    """Return the answer of a negotiation. Raises Refused."""
    admitted = admit(call)
    require_capacity(call)
    try:
        version = int(call.connection.query_params.get("negotiateVersion", "0"))
    except ValueError:
        version = 0
    connections = call.world.service.connections
    connection_id, token = connections.negotiate(admitted.place, has_token=version > 0)
    answer: dict[str, Any] = {
        "negotiateVersion": min(version, 1),
        "connectionId": connection_id,
        "availableTransports": [
            {"transport": name, "transferFormats": formats}
            for bit, name, formats in _TRANSPORTS
            if admitted.token.transports & bit
        ],
    }
    if version > 0:
        answer["connectionToken"] = token
    return JSONResponse(answer)
