"""One client connection, whatever its transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from localazure.service.connections.pipe import Pipe
from localazure.service.protocol.frames import Broadcast, Close, Frame, HubProtocol
from localazure.service.protocol.message_reader import Message

# A client that leaves more than this unread is disconnected.
OUTGOING_BYTES: Final = 4 * 1024 * 1024
# Beyond this, the transport is not read until upstream has answered.
INCOMING_BYTES: Final = 1024 * 1024

LONG_POLLING: Final = "LongPolling"
SERVER_SENT_EVENTS: Final = "ServerSentEvents"
WEB_SOCKETS: Final = "WebSockets"


@dataclass(frozen=True)
class ClientIdentity:
    """A client's identity, as its token says.

    `query` is the client's query string without question mark. `closes_at` is when the connection
    is closed, in seconds since 1970; None: it outlives its token.
    """

    user_id: str | None = None
    claims: tuple[tuple[str, str], ...] = ()
    query: str = ""
    closes_at: float | None = None


@dataclass(frozen=True)
class Timing:
    """Seconds between pings to a client, and after which a silent client is disconnected."""

    keep_alive: float
    timeout: float


class Connection:
    """A client's connection to one hub of one instance.

    `incoming` carries what the client sent, `outgoing` what it will receive. `abort_transport`
    drops the network connection; None where there is none between two polls.
    """

    def __init__(
        self, connection_id: str, place: tuple[str, str], identity: ClientIdentity, timing: Timing
    ) -> None:
        self.id = connection_id
        self.instance_id, self.hub = place
        self.identity = identity
        self.timing = timing
        self.transport = WEB_SOCKETS
        self.protocol: HubProtocol | None = None
        self.incoming = Pipe(INCOMING_BYTES)
        self.outgoing = Pipe(OUTGOING_BYTES)
        self.groups: set[str] = set()
        self.results: dict[str, asyncio.Future[Message]] = {}
        self.error: str | None = None
        # The service reports the end upstream, unless the instance was deleted.
        self.is_forgotten = False
        # Long polling: how many polls wait, and when the last one ended.
        self.polls = 0
        self.polled_at = time.monotonic()
        self.abort_transport: Callable[[], None] | None = None
        self.received_at = self.sent_at = time.monotonic()

    @property
    def user_id(self) -> str | None:
        """The user's id; None where the client is anonymous."""
        return self.identity.user_id

    async def receive(self, data: bytes) -> None:
        """Add data from the client; wait while earlier data is not processed."""
        self.received_at = time.monotonic()
        await self.incoming.put(data)
        self.received_at = time.monotonic()

    def send(self, frame: Frame) -> None:
        """Send one frame. Raises ValueError where the protocol cannot encode it."""
        assert self.protocol is not None  # noqa: S101
        self.write(self.protocol.encode(frame))

    def deliver(self, broadcast: Broadcast) -> None:
        """Send a message that is encoded once for all its recipients."""
        assert self.protocol is not None  # noqa: S101
        data = broadcast.bytes_for(self.protocol)
        if data is not None:
            self.write(data)

    def write(self, data: bytes) -> None:
        """Send complete frames; a client that reads too slowly is disconnected."""
        if self.outgoing.has_ended:
            return
        self.sent_at = time.monotonic()
        if not self.outgoing.offer(data):
            self.abort("The client reads too slowly.")

    def close(self, error: str | None = None, *, allow_reconnect: bool = False) -> None:
        """Send a close frame and end; earlier frames still arrive."""
        if self.outgoing.has_ended:
            return
        self.error = error
        if self.protocol is not None:
            self.write(self.protocol.encode(Close(error, allow_reconnect)))
        self.end()

    def end(self) -> None:
        """Accept nothing more from either side."""
        self.outgoing.end()
        self.incoming.discard()
        for waiting in self.results.values():
            waiting.cancel()

    def abort(self, error: str | None = None) -> None:
        """Drop the network connection, without a close frame."""
        self.error = self.error or error
        self.outgoing.discard()
        self.end()
        if self.abort_transport is not None:
            self.abort_transport()

    def to_json(self) -> dict[str, Any]:
        """Describe the connection for the control plane."""
        return {
            "connectionId": self.id,
            "hub": self.hub,
            "userId": self.user_id,
            "transport": self.transport,
            "protocol": self.protocol.name if self.protocol else None,
            "groups": sorted(self.groups),
            "waitingBytes": self.outgoing.size,
        }
