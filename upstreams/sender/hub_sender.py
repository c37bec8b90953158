"""The methods of a hub that send; each has an asynchronous form with the prefix `a`.

Source of the names: azure-messaging-webpubsubservice, Microsoft's SDK for Web PubSub.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from upstreams.sender import calls
from upstreams.sender.calls import Call
from upstreams.sender.client_tokens import DEFAULT_LIFETIME, Claims, ClientIdentity, Negotiation
from upstreams.sender.context import Destination, transport


class HubSender:
    """Sends to clients, and manages their groups and connections.

    Methods raise InvalidCall if an argument cannot be sent, and SendError if the service did not
    perform the call. They return None unless stated otherwise.
    """

    @property
    def destination(self) -> Destination:
        """The hub and the instance that calls go to."""
        raise NotImplementedError

    def _run(self, call: Call) -> bool:
        return transport().run(self.destination, call)

    async def _arun(self, call: Call) -> bool:
        return await transport().arun(self.destination, call)

    def send_to_all(self, target: str, *arguments: Any, excluded: Iterable[str] = ()) -> None:
        """Call a method of all clients, without the connections `excluded`."""
        self._run(calls.send_to_all(target, arguments, excluded))

    async def asend_to_all(
        self, target: str, *arguments: Any, excluded: Iterable[str] = ()
    ) -> None:
        """Call a method of all clients, without the connections `excluded`."""
        await self._arun(calls.send_to_all(target, arguments, excluded))

    def send_to_user(self, user_id: str, target: str, *arguments: Any) -> None:
        """Call a method of a user's clients. It is no error if there are none."""
        self._run(calls.send_to_user(user_id, target, arguments))

    async def asend_to_user(self, user_id: str, target: str, *arguments: Any) -> None:
        """Call a method of a user's clients. It is no error if there are none."""
        await self._arun(calls.send_to_user(user_id, target, arguments))

    def send_to_group(
        self, group: str, target: str, *arguments: Any, excluded: Iterable[str] = ()
    ) -> None:
        """Call a method of the clients in a group, without the connections `excluded`."""
        self._run(calls.send_to_group(group, target, arguments, excluded))

    async def asend_to_group(
        self, group: str, target: str, *arguments: Any, excluded: Iterable[str] = ()
    ) -> None:
        """Call a method of the clients in a group, without the connections `excluded`."""
        await self._arun(calls.send_to_group(group, target, arguments, excluded))

    def send_to_connection(self, connection_id: str, target: str, *arguments: Any) -> None:
        """Call a method of one client. It may have disconnected."""
        self._run(calls.send_to_connection(connection_id, target, arguments))

    async def asend_to_connection(self, connection_id: str, target: str, *arguments: Any) -> None:
        """Call a method of one client. It may have disconnected."""
        await self._arun(calls.send_to_connection(connection_id, target, arguments))

    def invoke_connection(self, connection_id: str, target: str, *arguments: Any) -> Any:
        """Call a method of one client, and return its result.

        Raises SendError with status 400 for an error of the client, 404 for an unknown client.
        """
        call = calls.invoke_connection(connection_id, target, arguments)
        return transport().invoke(self.destination, call)

    async def ainvoke_connection(self, connection_id: str, target: str, *arguments: Any) -> Any:
        """Call a method of one client, and return its result, as `invoke_connection` does."""
        call = calls.invoke_connection(connection_id, target, arguments)
        return await transport().ainvoke(self.destination, call)

    def add_to_group(
        self,
        group: str,
        *,
        connection_id: str | None = None,
        user_id: str | None = None,
        ttl: int | None = None,
    ) -> bool:
        """Add a connection or a user to a group; return False if the connection does not exist.

        A connection is a member until it ends. A user's present and future connections are members
        for `ttl` seconds, by default a year.
        """
        return self._run(calls.add_to_group(group, connection_id, user_id, ttl))

    async def aadd_to_group(
        self,
        group: str,
        *,
        connection_id: str | None = None,
        user_id: str | None = None,
        ttl: int | None = None,
    ) -> bool:
        """Add a connection or a user to a group, as `add_to_group` does."""
        return await self._arun(calls.add_to_group(group, connection_id, user_id, ttl))

    def remove_from_group(
        self, group: str, *, connection_id: str | None = None, user_id: str | None = None
    ) -> None:
        """Remove a connection or a user from a group, if it is a member."""
        self._run(calls.remove_from_group(group, connection_id, user_id))

    async def aremove_from_group(
        self, group: str, *, connection_id: str | None = None, user_id: str | None = None
    ) -> None:
        """Remove a connection or a user from a group, if it is a member."""
        await self._arun(calls.remove_from_group(group, connection_id, user_id))

    def remove_from_all_groups(
        self, *, connection_id: str | None = None, user_id: str | None = None
    ) -> None:
        """Remove a connection or a user from all groups."""
        self._run(calls.remove_from_all_groups(connection_id, user_id))

    async def aremove_from_all_groups(
        self, *, connection_id: str | None = None, user_id: str | None = None
    ) -> None:
        """Remove a connection or a user from all groups."""
        await self._arun(calls.remove_from_all_groups(connection_id, user_id))

    def connection_exists(self, connection_id: str) -> bool:
        """Return whether a connection exists."""
        return self._run(calls.connection_exists(connection_id))

    async def aconnection_exists(self, connection_id: str) -> bool:
        """Return whether a connection exists."""
        return await self._arun(calls.connection_exists(connection_id))

    def user_exists(self, user_id: str) -> bool:
        """Return whether a user has a connection."""
        return self._run(calls.user_exists(user_id))

    async def auser_exists(self, user_id: str) -> bool:
        """Return whether a user has a connection."""
        return await self._arun(calls.user_exists(user_id))

    def group_exists(self, group: str) -> bool:
        """Return whether a group has a connection."""
        return self._run(calls.group_exists(group))

    async def agroup_exists(self, group: str) -> bool:
        """Return whether a group has a connection."""
        return await self._arun(calls.group_exists(group))

    def user_in_group(self, user_id: str, group: str) -> bool:
        """Return whether a user is in a group."""
        return self._run(calls.user_in_group(user_id, group))

    async def auser_in_group(self, user_id: str, group: str) -> bool:
        """Return whether a user is in a group."""
        return await self._arun(calls.user_in_group(user_id, group))

    def close_connection(self, connection_id: str, *, reason: str | None = None) -> None:
        """Close a connection; `reason` is shown to the client.

        The service lets clients reconnect. To prevent that, first refuse the client's negotiation.
        """
        self._run(calls.close_connection(connection_id, reason))

    async def aclose_connection(self, connection_id: str, *, reason: str | None = None) -> None:
        """Close a connection, as `close_connection` does."""
        await self._arun(calls.close_connection(connection_id, reason))

    def close_user(
        self, user_id: str, *, reason: str | None = None, excluded: Iterable[str] = ()
    ) -> None:
        """Close a user's connections, as `close_connection` does."""
        self._run(calls.close_user(user_id, reason, excluded))

    async def aclose_user(
        self, user_id: str, *, reason: str | None = None, excluded: Iterable[str] = ()
    ) -> None:
        """Close a user's connections, as `close_connection` does."""
        await self._arun(calls.close_user(user_id, reason, excluded))

    def close_group(
        self, group: str, *, reason: str | None = None, excluded: Iterable[str] = ()
    ) -> None:
        """Close the connections in a group, as `close_connection` does."""
        self._run(calls.close_group(group, reason, excluded))

    async def aclose_group(
        self, group: str, *, reason: str | None = None, excluded: Iterable[str] = ()
    ) -> None:
        """Close the connections in a group, as `close_connection` does."""
        await self._arun(calls.close_group(group, reason, excluded))

    def close_all(self, *, reason: str | None = None, excluded: Iterable[str] = ()) -> None:
        """Close all connections of the hub, as `close_connection` does."""
        self._run(calls.close_all(reason, excluded))

    async def aclose_all(self, *, reason: str | None = None, excluded: Iterable[str] = ()) -> None:
        """Close all connections of the hub, as `close_connection` does."""
        await self._arun(calls.close_all(reason, excluded))

    def negotiate(
        self,
        *,
        user_id: str | None = None,
        claims: Claims | None = None,
        lifetime: timedelta = DEFAULT_LIFETIME,
    ) -> Negotiation:
        """Return the URL at which a client connects, and its token.

        Without an access key, claims need the role SignalR App Server or SignalR Service Owner.
        """
        client = ClientIdentity.of(user_id, claims, lifetime)
        return transport().negotiate(self.destination, client)

    async def anegotiate(
        self,
        *,
        user_id: str | None = None,
        claims: Claims | None = None,
        lifetime: timedelta = DEFAULT_LIFETIME,
    ) -> Negotiation:
        """Return the URL at which a client connects, and its token, as `negotiate` does."""
        client = ClientIdentity.of(user_id, claims, lifetime)
        return await transport().anegotiate(self.destination, client)


class InstanceSender(HubSender):
    """Sends to the clients of one hub at one instance."""

    def __init__(self, hub: str, instance: str | None) -> None:
        self._destination = Destination(hub, instance)

    @property
    def destination(self) -> Destination:
        """The hub and the instance."""
        return self._destination
