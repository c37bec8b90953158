"""The connections of one hub: by user, by group, and the groups that users belong to.

Source: Azure/azure-signalr, docs/advanced-topics/group-management.md: a user in a group is a rule
for future connections until it expires; a connection's own membership ends with it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

from localazure.service.connections.connection import Connection

_YEAR_SECONDS = 365 * 24 * 60 * 60
# Of a user's groups without an expiry the newest are kept.
_LASTING_GROUPS = 100


class Hub:
    """Connected clients of one hub of one instance."""

    def __init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self._users: defaultdict[str, dict[str, Connection]] = defaultdict(dict)
        self._groups: defaultdict[str, dict[str, Connection]] = defaultdict(dict)
        # By user, then by group: when the rule expires, and whether it has no time to live.
        self._rules: defaultdict[str, dict[str, tuple[float, bool]]] = defaultdict(dict)

    def add(self, connection: Connection) -> None:
        """Add a connection, and let it join its user's groups."""
        self.connections[connection.id] = connection
        if connection.user_id is not None:
            self._users[connection.user_id][connection.id] = connection
            for group in self._groups_of_user(connection.user_id):
                self.join(connection, group)

    def remove(self, connection: Connection) -> None:
        """Remove a connection from the hub and its groups."""
        self.connections.pop(connection.id, None)
        for group in list(connection.groups):
            self.leave(connection, group)
        if connection.user_id is not None:
            _drop(self._users, connection.user_id, connection.id)

    def join(self, connection: Connection, group: str) -> None:
        """Add a connection to a group, until it ends."""
        connection.groups.add(group)
        self._groups[group][connection.id] = connection

    def leave(self, connection: Connection, group: str) -> None:
        """Remove a connection from a group."""
        connection.groups.discard(group)
        _drop(self._groups, group, connection.id)

    def of_user(self, user_id: str) -> list[Connection]:
        """Return the connections of a user."""
        return list(self._users.get(user_id, {}).values())

    def of_group(self, group: str) -> list[Connection]:
        """Return the connections in a group."""
        return list(self._groups.get(group, {}).values())

    def add_user(self, user_id: str, group: str, ttl: int | None) -> None:
        """Add a user to a group for `ttl` seconds.

        None: for a year. 0: only the connections that the user has now.
        """
        for connection in self.of_user(user_id):
            self.join(connection, group)
        rules = self._rules[user_id]
        rules.pop(group, None)
        if ttl == 0:
            return
        rules[group] = (time.time() + (_YEAR_SECONDS if ttl is None else ttl), ttl is None)
        lasting = [name for name, (_, has_no_ttl) in rules.items() if has_no_ttl]
        for name in lasting[:-_LASTING_GROUPS]:
            del rules[name]

    def remove_user(self, user_id: str, group: str) -> None:
        """Remove a user and the user's connections from a group."""
        self._rules[user_id].pop(group, None)
        for connection in self.of_user(user_id):
            self.leave(connection, group)

    def remove_user_from_all(self, user_id: str) -> None:
        """Remove a user and the user's connections from all groups."""
        self._rules.pop(user_id, None)
        for connection in self.of_user(user_id):
            for group in list(connection.groups):
                self.leave(connection, group)

    def has_user(self, user_id: str, group: str) -> bool:
        """Whether the user belongs to the group, by a rule or with a connection."""
        is_present = any(group in one.groups for one in self.of_user(user_id))
        return is_present or group in self._groups_of_user(user_id)

    def _groups_of_user(self, user_id: str) -> list[str]:
        rules, now = self._rules.get(user_id, {}), time.time()
        for group in [name for name, (expiry, _) in rules.items() if expiry <= now]:
            del rules[group]
        return list(rules)


def without(connections: Iterable[Connection], excluded: Iterable[str]) -> Iterator[Connection]:
    """Yield the connections whose id is not excluded."""
    left_out = frozenset(excluded)
    return (one for one in list(connections) if one.id not in left_out)


def _drop(index: defaultdict[str, dict[str, Connection]], key: str, connection_id: str) -> None:
    index[key].pop(connection_id, None)
    if not index[key]:
        del index[key]
