"""From a request to its answer."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from functools import partial

import msgpack
import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from tests.upstreams.receiver.requests import (
    JSON,
    MESSAGEPACK,
    headers,
    json_call,
    messagepack_call,
    read,
)
from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.deliveries.duplicates import DuplicateCalls
from upstreams.receiver.hubs.dispatch import adispatch, dispatch
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.protocol.limits import ERROR_LENGTH, Limits
from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.receiver.testing import HubTestClient

chat = Hub("chat")


@chat.message("echo")
def echo(_request: UpstreamRequest, text: str) -> str:
    return text


@chat.message("nothing")
def nothing(_request: UpstreamRequest) -> None: ...


@chat.message("fails")
def fails(_request: UpstreamRequest) -> None:
    raise RuntimeError("the password is hunter2")


@chat.message("says")
def says(_request: UpstreamRequest) -> None:
    raise HubError("You have not joined the group.")


@chat.message("odd")
def odd(_request: UpstreamRequest) -> object:
    return object()


failing = Hub("failing")
failing.connected(fails)
failing.disconnected(fails)


def answer(found: dict[str, str], body: bytes, limits: Limits | None = None) -> UpstreamResponse:
    return dispatch(read(found, body), Registry([chat, failing]), limits or Limits())


def invoke(target: str, *arguments: object) -> UpstreamResponse:
    return answer(headers(event=target), json_call(arguments, target=target))


def send(target: str, *arguments: object) -> UpstreamResponse:
    return answer(headers(event=target), json_call(arguments, target=target, id_=None))


def completion(answer: UpstreamResponse) -> dict[str, object]:
    assert answer.status == 200
    assert answer.body.endswith(b"\x1e")
    found: dict[str, object] = json.loads(answer.body[:-1])
    assert (found.pop("type"), found.pop("invocationId")) == (3, "0")
    return found


def test_sends_result_to_waiting_client() -> None:
    found = invoke("echo", "hé")
    assert completion(found) == {"result": "hé"}
    assert (found.outcome, found.reason) == ("accepted", "")
    assert found.content_type == "application/octet-stream"


def test_sends_result_as_messagepack() -> None:
    found = answer(headers(content_type=MESSAGEPACK), messagepack_call(["a"]))
    assert found.body == b"\x08\x95\x03\x80\xa10\x03\xa1a"


def test_completes_call_without_result() -> None:
    assert completion(invoke("nothing")) == {}


def test_sends_nothing_to_client_that_does_not_wait() -> None:
    assert send("echo", "a") == UpstreamResponse()


def test_logs_exception_without_details_for_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = invoke("fails")
    assert completion(found) == {"error": "The server failed to handle the call."}
    assert (found.outcome, found.reason) == ("failed", "handler_error")
    assert "RuntimeError" in caplog.text
    assert "test_dispatch.fails" in caplog.text


def test_sends_hub_error_to_client() -> None:
    found = invoke("says")
    assert completion(found) == {"error": "You have not joined the group."}
    assert (found.outcome, found.reason) == ("failed", "hub_error")


@given(st.text(" \t\n\u00a0", max_size=3) | st.just(" " * ERROR_LENGTH + "cut off") | st.text())
def test_error_is_never_a_result(text: str) -> None:
    mute = Hub("mute")

    @mute.message("echo")
    def fail(_request: UpstreamRequest) -> None:
        raise HubError(text)

    for content_type, call in ((JSON, json_call), (MESSAGEPACK, messagepack_call)):
        request = read(headers(hub="mute", content_type=content_type), call())
        found = dispatch(request, Registry([mute]), Limits())
        # The JavaScript and .NET clients take an error without a text for a result of nothing.
        assert error_of(found, content_type).strip()
        assert (found.outcome, found.reason) == ("failed", "hub_error")
        with pytest.raises(HubError, match=r"\S"):
            HubTestClient(mute, protocol=request.protocol).invoke("echo")


def error_of(answer: UpstreamResponse, content_type: str) -> str:
    if content_type == JSON:
        return str(completion(answer)["error"])
    kind, text = msgpack.unpackb(answer.body[-_length(answer.body) :])[3:]
    assert kind == 1
    return str(text)


def _length(frame: bytes) -> int:
    length, shift = 0, 0
    for byte in frame:
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return length


def test_error_without_text_has_default_text() -> None:
    mute = Hub("mute")

    @mute.message("echo")
    def fail(_request: UpstreamRequest) -> None:
        raise HubError

    found = dispatch(read(headers(hub="mute"), json_call()), Registry([mute]), Limits())
    assert completion(found) == {"error": "The server refused the call."}


class Wordless(HubError):
    """An error whose text cannot be made, as a translation's may not."""

    def __str__(self) -> str:
        raise KeyError("name")


class Unruly(dict[str, object]):
    """A result that fails where it is read."""

    def items(self) -> object:  # type: ignore[override]
        raise LookupError


def wordless(_request: UpstreamRequest) -> None:
    raise Wordless


def unruly(_request: UpstreamRequest) -> object:
    return Unruly(a=1)


def leaves(_request: UpstreamRequest) -> None:
    sys.exit("the password is hunter2")


def is_cancelled(_request: UpstreamRequest) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("function", [wordless, unruly, leaves, is_cancelled, partial(fails)])
def test_contains_failure_of_handler(function: object, caplog: pytest.LogCaptureFixture) -> None:
    odd = Hub("odd")
    odd.message("echo", idempotent=True)(function)  # type: ignore[type-var]
    calls = DuplicateCalls(cache, 300)

    def one() -> UpstreamResponse:
        request = read(headers(hub="odd"), json_call())
        return dispatch(request, Registry([odd]), Limits(), lambda: calls)

    found = one()
    assert completion(found) == {"error": "The server failed to handle the call."}
    assert (found.outcome, found.reason) == ("failed", "handler_error")
    assert "test_dispatch." in caplog.text
    # The call is not left in doubt.
    assert one() == found


async def replies(_request: UpstreamRequest, text: str) -> str:
    await asyncio.sleep(0)
    return text


async def raises(_request: UpstreamRequest, text: str) -> str:
    raise HubError(text)


@pytest.mark.parametrize("is_idempotent", [False, True])
def test_awaits_coroutine_functions(is_idempotent: bool) -> None:
    hub = Hub("odd")
    hub.message("echo", idempotent=is_idempotent)(replies)
    hub.message("fail", idempotent=is_idempotent)(raises)
    registry, calls = Registry([hub]), DuplicateCalls(cache, 300)

    async def one(event: str) -> UpstreamResponse:
        request = read(headers(hub="odd", event=event), json_call(["hi"], target=event))
        run = asyncio.to_thread
        return await adispatch(request, registry, Limits(), lambda: calls, run)

    for _ in range(2):
        assert completion(asyncio.run(one("echo"))) == {"result": "hi"}
        assert completion(asyncio.run(one("fail"))) == {"error": "hi"}


def test_runs_coroutine_functions_without_a_loop() -> None:
    hub = Hub("odd")
    hub.message("echo")(replies)
    request = read(headers(hub="odd"), json_call(["hi"]))
    assert completion(dispatch(request, Registry([hub]), Limits())) == {"result": "hi"}


def test_keyboard_interrupt_ends_process() -> None:
    def interrupted(_request: UpstreamRequest) -> None:
        raise KeyboardInterrupt

    odd = Hub("odd")
    odd.message("echo")(interrupted)
    with pytest.raises(KeyboardInterrupt):
        dispatch(read(headers(hub="odd"), json_call()), Registry([odd]), Limits())


def test_failure_without_invocation_id_is_not_retried() -> None:
    found = send("fails")
    assert (found.status, found.body, found.reason) == (200, b"", "handler_error")


def test_refuses_mismatching_arguments() -> None:
    found = invoke("echo", 1)
    assert completion(found) == {"error": "'text' must be str, not int."}
    assert (found.outcome, found.reason) == ("refused", "arguments_type")
    assert (send("echo").status, send("echo").reason) == (400, "arguments_count")


def test_names_unknown_method_to_waiting_client() -> None:
    found = invoke("nowhere")
    assert completion(found) == {"error": "The hub 'chat' has no method 'nowhere'."}
    assert (found.outcome, found.reason) == ("refused", "no_handler")


def test_unknown_method_or_hub_is_not_found() -> None:
    assert (send("nowhere").status, send("nowhere").reason) == (404, "no_handler")
    for found in (
        answer(headers(hub="game"), json_call(id_=None)),
        answer(headers("connections", "connected", hub="game"), b""),
    ):
        assert (found.status, found.reason) == (404, "no_handler")
        assert found.content_type == "application/problem+json"


@pytest.mark.parametrize(("event", "body"), [("connected", b""), ("disconnected", b'{"type":11}')])
def test_accepts_connection_events_without_handler(event: str, body: bytes) -> None:
    assert answer(headers("connections", event), body) == UpstreamResponse()


def test_failing_connect_is_forbidden() -> None:
    connect = answer(headers("connections", "connected", hub="failing"), b"")
    assert (connect.status, connect.outcome) == (403, "failed")
    assert b"hunter2" not in connect.body
    gone = answer(headers("connections", "disconnected", hub="failing"), b'{"type":11}')
    assert (gone.status, gone.outcome) == (200, "failed")


def test_unsendable_result_is_a_server_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        found = invoke("odd")
    assert completion(found) == {"error": "The server has no result that can be sent."}
    assert found.reason == "result_unsendable"
    assert "object" in caplog.text


def test_does_not_send_oversized_result() -> None:
    found = answer(headers(), json_call(["x" * 100]), Limits(result_bytes=99))
    assert completion(found) == {"error": "The server's result is too large."}
    assert found.reason == "result_too_large"
