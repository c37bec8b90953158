"""All operations of the REST API: path, methods, api-version and the data action they need.

Sources: the swaggers of Azure/azure-signalr (v1, 2022-06-01, 2023-07-01, 2024-12-01). The data
actions of closes, removals and client results are ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from localazure.service.rest import disconnection, invocations, membership, sends, tokens
from localazure.service.rest.call import V1, RestCall

API_VERSIONS: Final = ("2022-06-01", "2022-11-01", "2023-07-01", "2024-12-01")

Handler = Callable[[RestCall], Response | Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """One operation. Path segments in braces are names; `since` is its first api-version."""

    methods: tuple[str, ...]
    path: tuple[str, ...]
    action: str
    handler: Handler
    since: str = API_VERSIONS[0]

    def is_in(self, version: str) -> bool:
        """Whether an api-version has the operation."""
        return (self.since == V1) == (version == V1) and version >= self.since


def _operation(
    methods: str, path: str, action: str, handler: Handler, since: str = ""
) -> Operation:
    parts = tuple(path.strip("/").split("/"))
    return Operation(tuple(methods.split()), parts, action, handler, since or API_VERSIONS[0])


_HUB: Final = "hubs/{hub}"
_READS: Final = "HEAD GET"

_CURRENT = (
    _operation("POST", f"{_HUB}/:send", "hub/send/action", sends.send_to_all),
    _operation("POST", f"{_HUB}/users/{{user}}/:send", "user/send/action", sends.send_to_user),
    _operation("POST", f"{_HUB}/groups/{{group}}/:send", "group/send/action", sends.send_to_group),
    _operation(
        "POST",
        f"{_HUB}/connections/{{connection}}/:send",
        "clientConnection/send/action",
        sends.send_to_connection,
    ),
    _operation(
        "POST", f"{_HUB}/:closeConnections", "clientConnection/write", disconnection.close_all
    ),
    _operation(
        "POST",
        f"{_HUB}/users/{{user}}/:closeConnections",
        "clientConnection/write",
        disconnection.close_user,
    ),
    _operation(
        "POST",
        f"{_HUB}/groups/{{group}}/:closeConnections",
        "clientConnection/write",
        disconnection.close_group,
    ),
    _operation(
        "DELETE",
        f"{_HUB}/connections/{{connection}}/groups",
        "group/write",
        membership.remove_connection_from_all,
    ),
    _operation(
        "POST",
        f"{_HUB}/:generateToken",
        "auth/clientToken/action",
        tokens.generate_token,
        "2022-11-01",
    ),
    _operation(
        "POST",
        f"{_HUB}/connections/{{connection}}/:invoke",
        "clientConnection/send/action",
        invocations.invoke_connection,
        "2024-12-01",
    ),
    _operation(
        "GET",
        f"{_HUB}/groups/{{group}}/connections",
        "group/read",
        membership.list_connections,
        "2024-12-01",
    ),
)

_V1 = (
    _operation("POST", _HUB, "hub/send/action", sends.send_to_all, V1),
    _operation("POST", f"{_HUB}/users/{{user}}", "user/send/action", sends.send_to_user, V1),
    _operation("POST", f"{_HUB}/groups/{{group}}", "group/send/action", sends.send_to_group, V1),
    _operation(
        "POST",
        f"{_HUB}/connections/{{connection}}",
        "clientConnection/send/action",
        sends.send_to_connection,
        V1,
    ),
)


def _shared(since: str) -> tuple[Operation, ...]:
    """Return the operations that both families have."""
    membership_of_user = [f"{_HUB}/users/{{user}}/groups/{{group}}"]
    if since == V1:
        membership_of_user.append(f"{_HUB}/groups/{{group}}/users/{{user}}")
    one, in_group = f"{_HUB}/connections/{{connection}}", f"{_HUB}/groups/{{group}}/connections"
    return (
        _operation(_READS, one, "clientConnection/read", membership.connection_exists, since),
        _operation("DELETE", one, "clientConnection/write", disconnection.close_connection, since),
        _operation(_READS, f"{_HUB}/users/{{user}}", "user/read", membership.user_exists, since),
        _operation(
            _READS, f"{_HUB}/groups/{{group}}", "group/read", membership.group_exists, since
        ),
        _operation(
            "PUT", f"{in_group}/{{connection}}", "group/write", membership.add_connection, since
        ),
        _operation(
            "DELETE",
            f"{in_group}/{{connection}}",
            "group/write",
            membership.remove_connection,
            since,
        ),
        _operation(
            "DELETE",
            f"{_HUB}/users/{{user}}/groups",
            "user/write",
            membership.remove_user_from_all,
            since,
        ),
        _operation("GET", "auth/accessKey", "auth/accessKey/action", tokens.access_key, since),
        *(
            operation
            for path in membership_of_user
            for operation in (
                _operation(_READS, path, "group/read", membership.user_in_group, since),
                _operation("PUT", path, "group/write", membership.add_user, since),
                _operation("DELETE", path, "group/write", membership.remove_user, since),
            )
        ),
    )


OPERATIONS: Final = (*_CURRENT, *_shared(API_VERSIONS[0]), *_V1, *_shared(V1))

# By method and number of path segments: a request is compared with few of them.
OPERATIONS_BY_SHAPE: Final[defaultdict[tuple[str, int], list[Operation]]] = defaultdict(list)
for _each in OPERATIONS:
    for _method in _each.methods:
        OPERATIONS_BY_SHAPE[_method, len(_each.path)].append(_each)
