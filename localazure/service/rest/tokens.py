"""Client tokens, temporary access keys and health."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from localazure.service.authentication.clients import generate_client_token
from localazure.service.rest.call import RestCall

_DEFAULT_MINUTES: Final = 60


def generate_token(rest: RestCall) -> Response:
    """Return a client token, signed by the service; its only claim of the caller is the user id."""
    minutes = rest.number("minutesToExpire", _DEFAULT_MINUTES, least=1) or _DEFAULT_MINUTES
    call = rest.call
    keys, hub = call.world.service.keys, rest.names["hub"]
    token = generate_client_token(keys, call.instance, hub, rest.text("userId"), minutes)
    return JSONResponse({"token": token})


def access_key(rest: RestCall) -> Response:
    """Return a temporary access key."""
    key = rest.call.world.service.keys.temporary(rest.call.instance.id)
    return JSONResponse({"AccessKey": key.secret, "KeyId": key.id})
