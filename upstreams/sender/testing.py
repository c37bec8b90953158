"""A transport for tests: it records what is sent, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from upstreams.sender import wire
from upstreams.sender.calls import Call, MethodCall
from upstreams.sender.client_identity import ClientIdentity, Negotiation
from upstreams.sender.context import Place, using
from upstreams.sender.errors import SendError


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

    def run(self, place: Place, call: Call) -> bool:
        """Record a call, and return whether what it names exists."""
        wire.request(place.hub, call)
        if self.error is not None:
            raise self.error
        given = {each.name: getattr(call, each.name) for each in fields(MethodCall)}
        self.sent.append(Sent(hub=place.hub.lower(), instance=place.instance, **given))
        return self.exists

    async def arun(self, place: Place, call: Call) -> bool:
        """Record a call, and return whether what it names exists."""
        return self.run(place, call)

    def invoke(self, place: Place, call: Call) -> Any:
        """Record a call, and return the result."""
        self.run(place, call)
        return self.result

    async def ainvoke(self, place: Place, call: Call) -> Any:
        """Record a call, and return the result."""
        return self.invoke(place, call)

    def negotiate(self, place: Place, client: ClientIdentity) -> Negotiation:
        """Record a negotiation, and return a URL and a token that belong to no service."""
        if self.error is not None:
            raise self.error
        self.clients.append(client)
        url = f"https://test.service.signalr.net/client/?hub={place.hub.lower()}"
        return Negotiation(url, "test-token")

    async def anegotiate(self, place: Place, client: ClientIdentity) -> Negotiation:
        """Record a negotiation, and return a URL and a token that belong to no service."""
        return self.negotiate(place, client)


@contextmanager
def recorded_calls() -> Iterator[Recorder]:
    """Record what hubs send in this block, instead of sending it."""
    recorder = Recorder()
    with using(recorder):
        yield recorder
