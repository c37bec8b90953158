"""Groups and existence."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.responses import JSONResponse, Response

from localazure.service.rest.call import V1, RestCall
from localazure.service.rest.errors import invalid, missing

_MAXIMUM_PAGE: Final = 200
_ACCEPTED, _NO_CONTENT = 202, 204


def connection_exists(rest: RestCall) -> Response:
    """200 or 404."""
    if rest.names["connection"] not in rest.hub.connections:
        raise missing("Warning.Connection.NotExisted", "The connection does not exist.")
    return Response()


def user_exists(rest: RestCall) -> Response:
    """200 where the user has a connection, or 404."""
    if not rest.hub.of_user(rest.names["user"]):
        raise missing("Warning.User.NotExisted", "The user does not exist.")
    return Response()


def group_exists(rest: RestCall) -> Response:
    """200 where the group has a connection, or 404."""
    if not rest.hub.of_group(rest.names["group"]):
        raise missing("Warning.Group.NotExisted", "The group does not exist.")
    return Response()


def user_in_group(rest: RestCall) -> Response:
    """200 or 404."""
    if not rest.hub.has_user(rest.names["user"], rest.names["group"]):
        raise missing("Info.User.NotInGroup", "The user is not in the group.")
    return Response()


def add_connection(rest: RestCall) -> Response:
    """Add a connection to a group, until it ends."""
    rest.hub.join(rest.connection(), rest.names["group"])
    return Response()


def remove_connection(rest: RestCall) -> Response:
    """Remove a connection from a group."""
    rest.hub.leave(rest.connection(), rest.names["group"])
    return Response()


def remove_connection_from_all(rest: RestCall) -> Response:
    """Remove a connection from all groups; 200 also where it does not exist."""
    found = rest.hub.connections.get(rest.names["connection"])
    if found is not None:
        for group in list(found.groups):
            rest.hub.leave(found, group)
    return Response()


def add_user(rest: RestCall) -> Response:
    """Add a user to a group, for `ttl` seconds."""
    rest.hub.add_user(rest.names["user"], rest.names["group"], rest.number("ttl", None))
    return Response(status_code=_ACCEPTED if rest.version == V1 else 200)


def remove_user(rest: RestCall) -> Response:
    """Remove a user from a group."""
    rest.hub.remove_user(rest.names["user"], rest.names["group"])
    return Response(status_code=_ACCEPTED if rest.version == V1 else _NO_CONTENT)


def remove_user_from_all(rest: RestCall) -> Response:
    """Remove a user from all groups."""
    rest.hub.remove_user_from_all(rest.names["user"])
    return Response(status_code=200 if rest.version == V1 else _NO_CONTENT)


def list_connections(rest: RestCall) -> Response:
    """List the connections in a group, a page at a time."""
    size = rest.number("maxpagesize", _MAXIMUM_PAGE, least=1) or _MAXIMUM_PAGE
    if size > _MAXIMUM_PAGE:
        raise invalid(f"'maxpagesize' must be at most {_MAXIMUM_PAGE}.", "maxpagesize")
    top = rest.number("top", None, least=1)
    start = rest.number("continuationToken", 0) or 0
    found = sorted(rest.hub.of_group(rest.names["group"]), key=lambda one: one.id)[:top]
    page = [
        {"connectionId": one.id} | ({"userId": one.user_id} if one.user_id else {})
        for one in found[start : start + size]
    ]
    answer: dict[str, Any] = {"value": page}
    if start + size < len(found):
        answer["nextLink"] = _next_link(rest, start + size)
    return JSONResponse(answer)


def _next_link(rest: RestCall, start: int) -> str:
    query = {name: values[0] for name, values in rest.query.items()} | {
        "continuationToken": str(start)
    }
    url = rest.call.connection.url
    path = quote(rest.call.scope["path"])
    return f"{url.scheme}://{url.netloc}{path}?{urlencode(query)}"
