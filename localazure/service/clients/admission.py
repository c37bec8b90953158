"""Admission of clients: network rules, hub, token, and the instance's connection limit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse

from localazure.service.authentication.clients import ClientToken, verify_client
from localazure.service.authentication.tokens import MAXIMUM_CHARACTERS, Unauthorized
from localazure.service.clients.refusals import (
    Refused,
    bad_request,
    blocked_by_network,
    not_found,
    too_many,
    unauthorized,
)
from localazure.service.connections.connection import Connection, Timing
from localazure.service.connections.registry import Place
from localazure.service.context import Call
from localazure.service.instances import CLIENT_CONNECTION

HUB_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_`,.\[\]]{0,127}")


@dataclass(frozen=True)
class Admitted:
    """A client that may use a hub."""

    place: Place
    token: ClientToken


def admit(call: Call) -> Admitted:
    """Check network rules, hub and token. Raises Refused."""
    instance = call.instance
    if not instance.permits(CLIENT_CONNECTION, call.address):
        raise Refused(blocked_by_network())
    if instance.is_stopped:
        raise Refused(not_found("The resource is stopped."))
    hub = _hub(call)
    token = call.token()
    if token and len(token) > MAXIMUM_CHARACTERS:
        raise Refused(PlainTextResponse("The access token is too long.", 413))
    try:
        keys = call.world.service.keys
        return Admitted((instance.id, hub), verify_client(keys, instance, call.hosts, hub, token))
    except Unauthorized as error:
        raise Refused(unauthorized(str(error))) from error


def open_connection(call: Call, admitted: Admitted) -> tuple[str, Connection]:
    """Return a new open connection and its token. Raises Refused.

    Two clients in Python skip the negotiation and name no id: they receive one.
    """
    registry, instance = call.world.service.connections, call.instance
    token = call.connection.query_params.get("id")
    if token:
        connection_id = registry.claim(token, admitted.place)
        if connection_id is None:
            raise Refused(not_found())
    else:
        connection_id, token = registry.negotiate(admitted.place, has_token=True)
        registry.claim(token, admitted.place)
    require_capacity(call)
    query = call.connection.url.query
    timing = Timing(instance.keep_alive_seconds, instance.timeout_seconds)
    identity = admitted.token.identity(query)
    connection = Connection(connection_id, admitted.place, identity, timing)
    registry.open(token, connection)
    return token, connection


def require_capacity(call: Call) -> None:
    """Refuse a connection beyond the instance's limit. Raises Refused."""
    limit = call.instance.connection_limit
    if call.world.service.connections.count(call.instance.id) >= limit:
        raise Refused(too_many(f"The connection count reached the limit of {limit}."))


def _hub(call: Call) -> str:
    named = call.connection.query_params.getlist("hub")
    if len(named) != 1 or not HUB_NAME.fullmatch(named[0]):
        raise Refused(bad_request("The query must name one hub."))
    return named[0].lower()
