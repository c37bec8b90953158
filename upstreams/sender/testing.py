"""A transport for tests: it records what is sent, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from upstreams.sender.calls import Call, MethodCall
from upstreams.sender.client_tokens import ClientIdentity, Negotiation
from upstreams.sender.context import Destination, using
from upstreams.sender.errors import SendError
from upstreams.sender.transport import rest_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(MethodCall):
    """A call that was recorded: `operation` is the hub's method, the others are its arguments.

    `hub` is in lower case; `instance` is None for the default instance.
    """

    hub: str
    instance: str | None = None


@dataclass
class Recorder:
    """Records calls, in `sent`, and negotiations, in `clients`.

    Arguments are refused as in production. Set `exists` to False for what calls name not to exist,
    `error` for the service to refuse calls with it, and `result` to what clients return.
    """

    exists: bool = True
    error: SendError | None = None
    result: Any = None
    sent: list[Sent] = field(default_factory=list)
    clients: list[ClientIdentity] = field(default_factory=list)

    def run(self, destination: Destination, call: Call) -> bool:
        """Record a call, and return whether what it names exists."""
        rest_requests.request(destination.hub, call)
        if self.error is not None:
            raise self.error
        given = {each.name: getattr(call, each.name) for each in fields(MethodCall)}
        self.sent.append(Sent(hub=destination.hub.lower(), instance=destination.instance, **given))
        return self.exists

    async def arun(self, destination: Destination, call: Call) -> bool:
        """Record a call, and return whether what it names exists."""
        return self.run(destination, call)

    def invoke(self, destination: Destination, call: Call) -> Any:
        """Record a call, and return the result."""
        self.run(destination, call)
        return self.result

    async def ainvoke(self, destination: Destination, call: Call) -> Any:
        """Record a call, and return the result."""
        return self.invoke(destination, call)

    def negotiate(self, destination: Destination, client: ClientIdentity) -> Negotiation:
        """Record a negotiation, and return a URL and a token that belong to no service."""
        if self.error is not None:
            raise self.error
        self.clients.append(client)
        url = f"https://test.service.signalr.net/client/?hub={destination.hub.lower()}"
        return Negotiation(url, "test-token")

    async def anegotiate(self, destination: Destination, client: ClientIdentity) -> Negotiation:
        """Record a negotiation, and return a URL and a token that belong to no service."""
        return self.negotiate(destination, client)


@contextmanager
def recorded_calls() -> Iterator[Recorder]:
    """Record what hubs send in this block, instead of sending it."""
    recorder = Recorder()
    with using(recorder):
        yield recorder
