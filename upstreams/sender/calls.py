"""Calls of the REST API, with validated names.

Source: the swagger of api-version 2024-12-01 in Azure/azure-signalr.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from upstreams.sender.errors import InvalidCall

# The service's rule for groups, and for users that are disconnected.
NAME_LENGTH: Final = 1_024
# Clients normalise these segments of a path: `users/../:send` would become a send to all.
_DOTS: Final = frozenset({".", ".."})
# Of the whole query. The service reads 16 KiB of request line and headers.
_EXCLUDED_CHARACTERS: Final = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCall:
    """A call of a hub's method: its name, `operation`, and its arguments."""

    operation: str
    target: str | None = None
    arguments: tuple[Any, ...] = ()
    user_id: str | None = None
    group: str | None = None
    connection_id: str | None = None
    excluded: tuple[str, ...] = ()
    reason: str | None = None
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(MethodCall):
    """A call of a hub's method, with the HTTP method and the escaped path below the hub's."""

    method: str
    path: str

    @property
    def is_send(self) -> bool:
        """Whether the call sends a message to clients, which a retry could deliver twice."""
        return self.target is not None

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the query."""
        pairs = [("excluded", each) for each in self.excluded]
        if self.reason is not None:
            pairs.append(("reason", self.reason))
        if self.ttl is not None:
            pairs.append(("ttl", str(self.ttl)))
        return pairs


def send_to_all(target: str, arguments: tuple[Any, ...], excluded: Iterable[str]) -> Call:
    """Return a send to all connections of the hub. Raises InvalidCall, as all functions here do."""
    return Call(
        operation="send_to_all",
        method="POST",
        path=":send",
        target=_target(target),
        arguments=arguments,
        excluded=_excluded(excluded),
    )


def send_to_user(user_id: str, target: str, arguments: tuple[Any, ...]) -> Call:
    """Return a send to the connections of a user."""
    return Call(
        operation="send_to_user",
        method="POST",
        path=f"users/{_escaped('user ID', user_id)}/:send",
        target=_target(target),
        arguments=arguments,
        user_id=user_id,
    )


def send_to_group(
    group: str, target: str, arguments: tuple[Any, ...], excluded: Iterable[str]
) -> Call:
    """Return a send to the connections in a group."""
    return Call(
        operation="send_to_group",
        method="POST",
        path=f"groups/{_escaped('group', group)}/:send",
        target=_target(target),
        arguments=arguments,
        group=group,
        excluded=_excluded(excluded),
    )


def send_to_connection(connection_id: str, target: str, arguments: tuple[Any, ...]) -> Call:
    """Return a send to one connection."""
    return Call(
        operation="send_to_connection",
        method="POST",
        path=f"connections/{_escaped('connection ID', connection_id)}/:send",
        target=_target(target),
        arguments=arguments,
        connection_id=connection_id,
    )


def invoke_connection(connection_id: str, target: str, arguments: tuple[Any, ...]) -> Call:
    """Return a call of one client whose result is awaited."""
    return Call(
        operation="invoke_connection",
        method="POST",
        path=f"connections/{_escaped('connection ID', connection_id)}/:invoke",
        target=_target(target),
        arguments=arguments,
        connection_id=connection_id,
    )


def add_to_group(
    group: str, connection_id: str | None, user_id: str | None, ttl: int | None
) -> Call:
    """Return the addition of a connection, or of a user for `ttl` seconds, to a group."""
    if ttl is not None and (user_id is None or type(ttl) is not int or ttl < 0):
        raise InvalidCall(
            "ttl must be a whole number of seconds, at least 0, and requires user_id."
        )
    return Call(
        operation="add_to_group",
        method="PUT",
        path=_membership(group, connection_id, user_id),
        group=group,
        connection_id=connection_id,
        user_id=user_id,
        ttl=ttl,
    )


def remove_from_group(group: str, connection_id: str | None, user_id: str | None) -> Call:
    """Return the removal of a connection or a user from a group."""
    return Call(
        operation="remove_from_group",
        method="DELETE",
        path=_membership(group, connection_id, user_id),
        group=group,
        connection_id=connection_id,
        user_id=user_id,
    )


def remove_from_all_groups(connection_id: str | None, user_id: str | None) -> Call:
    """Return the removal of a connection or a user from all groups."""
    return Call(
        operation="remove_from_all_groups",
        method="DELETE",
        path=f"{_member(connection_id, user_id)}/groups",
        connection_id=connection_id,
        user_id=user_id,
    )


def connection_exists(connection_id: str) -> Call:
    """Return the check whether a connection exists."""
    return Call(
        operation="connection_exists",
        method="HEAD",
        path=_member(connection_id, None),
        connection_id=connection_id,
    )


def user_exists(user_id: str) -> Call:
    """Return the check whether a user has a connection."""
    return Call(
        operation="user_exists", method="HEAD", path=_member(None, user_id), user_id=user_id
    )


def group_exists(group: str) -> Call:
    """Return the check whether a group has a connection."""
    path = f"groups/{_escaped('group', group)}"
    return Call(operation="group_exists", method="HEAD", path=path, group=group)


def user_in_group(user_id: str, group: str) -> Call:
    """Return the check whether a user is in a group."""
    return Call(
        operation="user_in_group",
        method="HEAD",
        path=_membership(group, None, user_id),
        user_id=user_id,
        group=group,
    )


def close_connection(connection_id: str, reason: str | None) -> Call:
    """Return the closing of a connection."""
    return Call(
        operation="close_connection",
        method="DELETE",
        path=_member(connection_id, None),
        connection_id=connection_id,
        reason=_reason(reason),
    )


def close_user(user_id: str, reason: str | None, excluded: Iterable[str]) -> Call:
    """Return the closing of a user's connections."""
    return Call(
        operation="close_user",
        method="POST",
        path=f"{_member(None, user_id)}/:closeConnections",
        user_id=user_id,
        reason=_reason(reason),
        excluded=_excluded(excluded),
    )


def close_group(group: str, reason: str | None, excluded: Iterable[str]) -> Call:
    """Return the closing of the connections in a group."""
    return Call(
        operation="close_group",
        method="POST",
        path=f"groups/{_escaped('group', group)}/:closeConnections",
        group=group,
        reason=_reason(reason),
        excluded=_excluded(excluded),
    )


def close_all(reason: str | None, excluded: Iterable[str]) -> Call:
    """Return the closing of all connections of the hub."""
    return Call(
        operation="close_all",
        method="POST",
        path=":closeConnections",
        reason=_reason(reason),
        excluded=_excluded(excluded),
    )


def check_name(kind: str, name: object) -> str:
    """Return the ID or name of a user, a group or a connection. Raises InvalidCall."""
    if not isinstance(name, str):
        raise InvalidCall(f"The {kind} must be a string, not {type(name).__name__}.")
    if not name.strip() or len(name) > NAME_LENGTH:
        raise InvalidCall(
            f"The {kind} must have 1 to {NAME_LENGTH:,} characters and must not be blank."
        )
    if name in _DOTS:
        raise InvalidCall(
            f"The {kind} cannot be {name!r}: in a URL it names another resource, so that a "
            "message to one user or group would reach all."
        )
    return _encodable(kind, name)


def _escaped(kind: str, name: object) -> str:
    return quote(check_name(kind, name), safe="")


def _member(connection_id: str | None, user_id: str | None) -> str:
    if (connection_id is None) == (user_id is None):
        raise InvalidCall("Pass either connection_id or user_id.")
    if user_id is None:
        return f"connections/{_escaped('connection ID', connection_id)}"
    return f"users/{_escaped('user ID', user_id)}"


def _membership(group: str, connection_id: str | None, user_id: str | None) -> str:
    member, name = _member(connection_id, user_id), _escaped("group", group)
    # The API's own order differs: a group's connections, but a user's groups.
    return f"groups/{name}/{member}" if user_id is None else f"{member}/groups/{name}"


def _target(target: object) -> str:
    if not isinstance(target, str) or not target:
        raise InvalidCall(
            "The target must be the name of a client's method, a string that is not empty."
        )
    return _encodable("target", target)


def _reason(reason: object) -> str | None:
    if reason is None:
        return None
    if not isinstance(reason, str) or len(reason) > NAME_LENGTH:
        raise InvalidCall(f"The reason must be a string of at most {NAME_LENGTH:,} characters.")
    return _encodable("reason", reason)


def _excluded(excluded: Iterable[str]) -> tuple[str, ...]:
    if isinstance(excluded, str):
        raise InvalidCall("excluded must be a list of connection IDs, not a string.")
    found = tuple(check_name("excluded connection ID", each) for each in excluded)
    length = sum(len(quote(each, safe="")) + len("&excluded=") for each in found)
    if length > _EXCLUDED_CHARACTERS:
        raise InvalidCall(
            f"excluded has {len(found):,} connection IDs, more than fit into a URL. "
            "Put the recipients into a group and send to that."
        )
    return found


def _encodable(kind: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidCall(
            f"The {kind} contains an unpaired surrogate, which is not valid text."
        ) from error
    return text
