"""Who sends: the transport of this process or test, and the request that is being handled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from upstreams.sender.calls import Call
from upstreams.sender.client_tokens import ClientIdentity, Negotiation

if TYPE_CHECKING:
    from upstreams.receiver.protocol.requests import UpstreamRequest


class Destination(NamedTuple):
    """A hub of an instance; without one, of the default instance."""

    hub: str
    instance: str | None


class Transport(Protocol):
    """Carries out calls."""

    def run(self, destination: Destination, call: Call) -> bool:
        """Carry out a call; return False where what it names does not exist."""

    async def arun(self, destination: Destination, call: Call) -> bool:
        """Carry out a call; return False where what it names does not exist."""

    def invoke(self, destination: Destination, call: Call) -> Any:
        """Carry out a call, and return the client's result."""

    async def ainvoke(self, destination: Destination, call: Call) -> Any:
        """Carry out a call, and return the client's result."""

    def negotiate(self, destination: Destination, client: ClientIdentity) -> Negotiation:
        """Return where the client connects, and its token."""

    async def anegotiate(self, destination: Destination, client: ClientIdentity) -> Negotiation:
        """Return where the client connects, and its token."""


# That of the process, once Django has started.
_installed: Final[list[Transport]] = []
_used: Final[ContextVar[Transport | None]] = ContextVar("transport", default=None)
_request: Final[ContextVar[UpstreamRequest | None]] = ContextVar("upstream_request", default=None)


def install(transport: Transport) -> None:
    """Make `transport` the one of this process."""
    _installed[:] = [transport]


def transport() -> Transport:
    """Return the transport in use. Raises RuntimeError before Django has started."""
    used = _used.get()
    if used is None and not _installed:
        raise RuntimeError("Hubs cannot send before Django has started.")
    return used or _installed[0]


@contextmanager
def using(transport: Transport) -> Iterator[None]:
    """Use `transport` in this block, and in the tasks and threads that it waits for."""
    token = _used.set(transport)
    try:
        yield
    finally:
        _used.reset(token)


class Handling:
    """A block in which a request is handled: hubs send to its instance.

    Not a generator, whose start and end take longer than everything in them.
    """

    __slots__ = ("_request", "_token")

    def __init__(self, request: UpstreamRequest) -> None:
        self._request = request

    def __enter__(self) -> None:
        self._token = _request.set(self._request)

    def __exit__(self, *_error: object) -> None:
        _request.reset(self._token)


def current_request() -> UpstreamRequest | None:
    """Return the request that is being handled."""
    return _request.get()
