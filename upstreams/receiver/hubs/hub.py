"""Hubs: the functions that handle events, as an app's `hubs.py` registers them.

    chat = Hub("chat")

    @chat.message("say")
    async def say(request: UpstreamRequest, text: str) -> None:
        await chat.asend_to_all("said", text)

Names of hubs and events are compared without regard to case, as Microsoft's own receiver does. `*`
stands for every hub, or for every message of a hub; an exact name is preferred.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

from upstreams.receiver.hubs.errors import RegistrationError
from upstreams.receiver.hubs.parameters import Parameters, is_async, name_of, parameters_of
from upstreams.receiver.protocol.limits import EVENT_LENGTH
from upstreams.sender.context import Destination, current_request
from upstreams.sender.errors import InvalidCall
from upstreams.sender.hub_sender import HubSender, InstanceSender
from upstreams.url_templates.patterns import ANY, CONNECTED, CONNECTIONS, DISCONNECTED, MESSAGES

Function = TypeVar("Function", bound=Callable[..., object])
Key = tuple[str, str, str]

# Events whose handlers are cached. Clients may name any number.
_MAX_CACHED: Final = 1024
# The rule of Microsoft's emulator.
HUB_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}")


@dataclass(frozen=True, slots=True)
class Handler:
    """One registered function, and the event it is registered for."""

    hub: str
    category: str
    event: str
    function: Callable[..., Any]
    parameters: Parameters
    is_idempotent: bool = False
    is_async: bool = False

    @property
    def key(self) -> Key:
        """The key in the registry."""
        return _key(self.hub, self.category, self.event)

    @property
    def name(self) -> str:
        """The function's full name."""
        return name_of(self.function)

    def __str__(self) -> str:
        return f"{self.hub}/{self.category}/{self.event}"


class Hub(HubSender):
    """The handlers of one SignalR hub, or with the name `*` of every hub without its own handlers.

    A handler is a function, plain or `async`. Its first parameter is the request, the others are
    the client's arguments, checked against their annotations. Its return value is the client's
    result, None being no result. It raises HubError to return an error to the client.

    A hub can also send to its clients: in a handler through the instance of the request, elsewhere
    through `instance`, by default SIGNALMAN_DEFAULT_INSTANCE. `on` selects another instance.
    """

    def __init__(self, name: str = ANY, *, instance: str | None = None) -> None:
        """Raise RegistrationError for a name that no hub can have."""
        if name != ANY and not HUB_NAME.fullmatch(name):
            raise RegistrationError(
                f"{name!r} is not a hub name. A hub name has at most 128 characters: a letter, "
                "then letters, digits, '_', '`', ',', '.', '[' or ']'."
            )
        self.name = name
        self.instance = instance
        self._handlers: dict[Key, Handler] = {}

    def __repr__(self) -> str:
        return f"Hub({self.name!r})"

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers.values())

    @property
    def destination(self) -> Destination:
        """The hub and the instance to call. Raises InvalidCall for `*` outside a handler."""
        request = current_request()
        name = self.name
        if name == ANY:
            if request is None:
                raise InvalidCall(
                    "Hub('*') can send only in a handler. Elsewhere, use a hub with a name."
                )
            name = request.hub
        return Destination(name, (request and request.instance) or self.instance)

    def on(self, instance: str) -> HubSender:
        """Return the methods that send, for the clients of this hub at `instance`."""
        return InstanceSender(self.destination.hub, instance)

    def connected(self, function: Function) -> Function:
        """Register `function(request)` for a client that has connected."""
        return self._register(CONNECTIONS, CONNECTED, function)

    def disconnected(self, function: Function) -> Function:
        """Register `function(request)` for a client that has disconnected.

        The service may send this event late or not at all. `request.error` says why the
        connection did not close cleanly.
        """
        return self._register(CONNECTIONS, DISCONNECTED, function)

    def message(self, event: str, *, idempotent: bool = False) -> Callable[[Function], Function]:
        """Register `function(request, *arguments)` for a method that clients call.

        `*` handles every method that has no handler of its own; `request.target` is its name. With
        `idempotent`, a call that the service sends again within SIGNALMAN_DUPLICATE_SECONDS gets
        the first response, and the function does not run again. Calls that do not wait for a
        result have no ID, so their duplicates run again.
        """
        if not event or len(event) > EVENT_LENGTH:
            raise RegistrationError(
                f"The name of a message must have 1 to {EVENT_LENGTH} characters."
            )
        return lambda function: self._register(MESSAGES, event, function, idempotent)

    def _register(
        self, category: str, event: str, function: Function, is_idempotent: bool = False
    ) -> Function:
        handler = Handler(
            self.name,
            category,
            event,
            function,
            parameters_of(function),
            is_idempotent,
            is_async(function),
        )
        if category == CONNECTIONS and handler.parameters.required:
            raise RegistrationError(
                f"The handler {handler.name} has parameters besides the request, but the event "
                f"{event!r} has no arguments. Remove the parameters."
            )
        _add(self._handlers, handler)
        return function


class Registry:
    """The handlers of every hub. Immutable."""

    def __init__(self, hubs: Iterable[Hub] = ()) -> None:
        """Raise RegistrationError where two functions are registered for one event."""
        self._handlers: dict[Key, Handler] = {}
        self._hubs: dict[str, Hub] = {}
        for hub in hubs:
            self._hubs.setdefault(hub.name.lower(), hub)
            for handler in hub:
                _add(self._handlers, handler)
        # Each request asks for both: to call the handler, and to count the call.
        self._cached_find = lru_cache(maxsize=_MAX_CACHED)(self._find)
        self._cached_label = lru_cache(maxsize=_MAX_CACHED)(self._label)

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers.values())

    def has_hub(self, hub: str) -> bool:
        """Return whether some hub of the project takes requests for `hub`."""
        return self.hub(hub) is not None

    def hub(self, name: str) -> Hub | None:
        """Return the project's hub of that name, or the one that takes every name."""
        return self._hubs.get(name.lower()) or self._hubs.get(ANY)

    def instances(self) -> set[str]:
        """Return the instances that hubs name, to which they send outside of handlers."""
        return {hub.instance for hub in self._hubs.values() if hub.instance}

    def label(self, hub: str, category: str, event: str) -> tuple[str, str]:
        """Return the hub and the event as the project registered them, for counts.

        Empty strings stand for names that are not registered: clients may invent any number.
        """
        return self._cached_label(hub, category, event)

    def find(self, hub: str, category: str, event: str) -> Handler | None:
        """Return an event's handler: an exact hub before `*`, there an exact event before it."""
        return self._cached_find(hub, category, event)

    def _label(self, hub: str, category: str, event: str) -> tuple[str, str]:
        handler = self.find(hub, category, event)
        if handler is not None:
            return handler.hub, handler.event
        known = self.hub(hub)
        if known is None:
            return "", ""
        return known.name, event.lower() if category == CONNECTIONS else ""

    def _find(self, hub: str, category: str, event: str) -> Handler | None:
        hub, event = hub.lower(), event.lower()
        for of_hub in (hub, ANY):
            found = self._handlers.get((of_hub, category, event))
            if found is None and category == MESSAGES:
                found = self._handlers.get((of_hub, category, ANY))
            if found is not None:
                return found
        return None


def _key(hub: str, category: str, event: str) -> Key:
    return hub.lower(), category, event.lower()


def _add(handlers: dict[Key, Handler], handler: Handler) -> None:
    other = handlers.setdefault(handler.key, handler)
    if other is not handler:
        raise RegistrationError(
            f"There are two handlers for {handler}: {other.name} and {handler.name}. Remove one."
        )
