"""Registering handlers, and finding them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial, wraps
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from upstreams.receiver import Hub, UpstreamRequest
from upstreams.receiver.hubs.errors import RegistrationError
from upstreams.receiver.hubs.hub import Registry


def handler(_request: UpstreamRequest) -> None:
    """Do nothing."""


def other(_request: UpstreamRequest) -> None:
    """Do nothing either."""


def found(registry: Registry, hub: str, category: str, event: str) -> str | None:
    one = registry.find(hub, category, event)
    return None if one is None else str(one)


def full() -> Registry:
    chat, every = Hub("chat"), Hub()
    chat.connected(handler)
    chat.message("echo")(handler)
    chat.message("*")(handler)
    every.connected(handler)
    every.disconnected(handler)
    every.message("echo")(handler)
    return Registry([chat, every])


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (("chat", "connections", "connected"), "chat/connections/connected"),
        (("CHAT", "connections", "CONNECTED"), "chat/connections/connected"),
        (("chat", "messages", "Echo"), "chat/messages/echo"),
        (("chat", "messages", "other"), "chat/messages/*"),
        (("chat", "connections", "disconnected"), "*/connections/disconnected"),
        (("game", "connections", "connected"), "*/connections/connected"),
        (("game", "messages", "echo"), "*/messages/echo"),
        (("game", "messages", "other"), None),
        (("chat", "connections", "other"), None),
        (("chat", "other", "echo"), None),
    ],
)
def test_finds_most_specific_handler(event: tuple[str, str, str], expected: str | None) -> None:
    assert found(full(), *event) == expected


def test_decorators_return_function_unchanged() -> None:
    chat = Hub("chat")
    assert chat.connected(handler) is handler
    assert chat.message("say")(handler) is handler


def test_refuses_two_handlers_for_one_event() -> None:
    chat = Hub("chat")
    chat.message("say")(handler)
    with pytest.raises(RegistrationError, match=r"chat/messages/SAY.*\.handler and .*\.other"):
        chat.message("SAY")(other)


def test_merges_hubs_of_one_name() -> None:
    first, second = Hub("chat"), Hub("Chat")
    first.message("a")(handler)
    second.message("b")(other)
    assert len(list(Registry([first, second]))) == 2
    second.message("A")(other)
    with pytest.raises(RegistrationError, match="Remove one"):
        Registry([first, second])


@pytest.mark.parametrize("name", ["", "my hub", "1st", "chat/room", "é", "h" * 129])
def test_refuses_invalid_hub_name(name: str) -> None:
    with pytest.raises(RegistrationError, match="is not a hub name"):
        Hub(name)


def no_request() -> None: ...
def by_name(_request: UpstreamRequest, *, text: str) -> None: ...
def unreadable(_request: UpstreamRequest, text: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def unsendable(_request: UpstreamRequest, value: set[str]) -> None: ...
def unsendable_inside(_request: UpstreamRequest, value: list[dict[int, str]]) -> None: ...
async def coroutine(_request: UpstreamRequest) -> None: ...


def generator(_request: UpstreamRequest) -> Iterator[int]:
    yield 1


async def async_generator(_request: UpstreamRequest) -> AsyncIterator[int]:
    yield 1


class Callee:
    """An object that can be called."""

    def __call__(self, request: UpstreamRequest, text: str = "") -> str:
        return text

    def method(self, request: UpstreamRequest) -> None: ...


class AsyncCallee:
    """An object that can be awaited."""

    async def __call__(self, request: UpstreamRequest) -> None: ...


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*arguments: Any) -> Any:
        return function(*arguments)

    return wrapper


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (handler, "handler"),
        (partial(handler), "handler"),
        (partial(partial(logged(handler))), "handler"),
        (Callee(), "Callee.__call__"),
        (partial(Callee(), text="a"), "Callee.__call__"),
        (Callee().method, "Callee.method"),
    ],
)
def test_names_callables(function: Any, name: str) -> None:
    chat = Hub("chat")
    chat.message("say")(function)
    (registered,) = chat
    assert registered.name == f"{__name__}.{name}"
    with pytest.raises(RegistrationError, match=f"{name} and .*other"):
        chat.message("say")(other)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (partial(generator), "generator is a generator"),
        (partial(by_name), "by_name has the keyword-only parameter 'text'"),
        (max, "parameters cannot be read"),
        (async_to_sync(coroutine), "parameters cannot be read"),
        ("handler", "parameters cannot be read"),
    ],
)
def test_refuses_mismatching_signature_by_name(function: Any, reason: str) -> None:
    with pytest.raises(RegistrationError, match=reason):
        Hub("chat").message("say")(function)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (no_request, "no first parameter"),
        (by_name, "keyword-only parameter 'text'"),
        (unreadable, "cannot be read"),
        (unsendable, "neither JSON nor MessagePack"),
        (unsendable_inside, "neither JSON nor MessagePack"),
        (generator, "is a generator"),
        (async_generator, "is a generator"),
    ],
)
def test_refuses_handler_that_could_never_run(function: Any, reason: str) -> None:
    with pytest.raises(RegistrationError, match=reason):
        Hub("chat").message("say")(function)


@pytest.mark.parametrize(
    ("function", "is_async"),
    [
        (coroutine, True),
        (partial(coroutine), True),
        (AsyncCallee(), True),
        (partial(AsyncCallee()), True),
        (handler, False),
        (Callee(), False),
    ],
)
def test_recognises_coroutine_functions(function: Any, is_async: bool) -> None:
    chat = Hub("chat")
    chat.message("say")(function)
    (registered,) = chat
    assert registered.is_async is is_async


def test_connection_event_has_no_arguments() -> None:
    def greet(_request: UpstreamRequest, name: str) -> None: ...

    with pytest.raises(RegistrationError, match="has parameters besides the request"):
        Hub("chat").connected(greet)


@pytest.mark.parametrize("event", ["", "e" * 257])
def test_message_needs_name(event: str) -> None:
    with pytest.raises(RegistrationError, match="1 to 256"):
        Hub("chat").message(event)
