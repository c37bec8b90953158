"""The Python of docs/how-to/hubs.md and of README.md runs as it is written."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.authentication import SessionAuthentication

from tests.cloud import REPOSITORY
from tests.docs.blocks import blocks
from upstreams.receiver import Hub
from upstreams.receiver.testing import HubTestClient
from upstreams.sender.testing import recorded_calls

PAGE = REPOSITORY / "docs" / "how-to" / "hubs.md"
README = REPOSITORY / "README.md"
FIRST, SENDING, ERRORS, NEGOTIATION, *TESTS = [
    block.text for block in blocks(PAGE) if block.language == "python" and block.kind == "run"
]


def run(source: str, **names: Any) -> dict[str, Any]:
    """Run a block with these names, and return all names that it then has."""
    exec(compile(source, str(PAGE), "exec"), names)  # noqa: S102  the documentation's own code
    return names


@pytest.fixture
def chat() -> Hub:
    """The hub of the page's first block."""
    hub: Hub = run(FIRST)["chat"]
    return hub


def test_first_hub_answers(chat: Hub) -> None:
    client = HubTestClient(chat, user_id="ada")
    assert client.connect().status == 200
    assert client.invoke("say", "hello") == {"from": "ada", "text": "hello"}
    client.disconnect()


def test_every_send_is_made() -> None:
    hub = Hub("chat", instance="contoso-chat")
    lines = [line for line in SENDING.splitlines() if "request" not in line]
    with recorded_calls() as recorder:
        run("\n".join(lines), chat=hub, text="hello", connection_id="one", question="why?")
    assert len(recorder.sent) == sum("chat." in line for line in lines)


def test_lines_of_a_handler_send() -> None:
    hub = Hub("chat")
    lines = [f"    {line}" for line in SENDING.splitlines() if "request" in line]
    source = "\n".join(["def handler(request, text):", *lines])
    hub.message("say")(run(source, chat=hub)["handler"])
    client = HubTestClient(hub)
    client.send("say", "hello")
    assert len(client.sent) == len(lines)


def test_errors_are_importable() -> None:
    assert {"InvalidCall", "SendError"} <= run(ERRORS).keys()


def test_negotiation_is_a_view() -> None:
    (route,) = run(NEGOTIATION, YourTokenAuthentication=SessionAuthentication)["urlpatterns"]
    assert route.url_patterns[0].callback.cls.__name__ == "ChatNegotiation"


@pytest.mark.parametrize("source", TESTS)
def test_tests_of_the_page_pass(source: str, chat: Hub) -> None:
    names = run(source, chat=chat, HubTestClient=HubTestClient)
    found = [each for name, each in names.items() if name.startswith("test_")]
    assert len(found) == 1
    call(found[0])


def test_hub_of_the_readme_answers() -> None:
    (block,) = [block for block in blocks(README) if block.language == "python"]
    client = HubTestClient(run(block.text)["chat"], user_id="ada")
    assert client.invoke("say", "hello") == "sent"
    assert [each.operation for each in client.sent] == ["send_to_all"]


def call(function: Callable[[], Any]) -> None:
    """Call a test, plain or asynchronous."""
    if inspect.iscoroutinefunction(function):
        asyncio.run(function())
    else:
        function()
