"""Handlers of the ASGI application: coroutine functions on its loop, plain ones in threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from identities.models import SignalRInstance
from observability.correlation_ids import current_request_id
from tests.upstreams.receiver.conftest import Tokens
from tests.upstreams.receiver.requests import json_call
from tests.upstreams.receiver.serving.asgi_server import Server, run
from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.testing import installed_hubs

# Its threads read what is committed.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_kept_connections"),
]


def test_runs_coroutine_functions_on_the_event_loop(
    instance: SignalRInstance, token: Tokens
) -> None:
    hub = Hub("chat")
    threads: list[int] = []

    @hub.message("echo")
    async def echo(_request: UpstreamRequest, text: str) -> str:
        await asyncio.sleep(0)
        threads.append(threading.get_ident())
        if text == "no":
            raise HubError("Not this.")
        return text

    async def main(server: Server) -> None:
        response = await server.call(token())
        assert response.body == b'{"type":3,"invocationId":"0","result":"hi"}\x1e'
        refused = await server.call(token(), asyncio.sleep(0, json_call(["no"])))
        assert b'"error":"Not this."' in refused.body
        assert threads == [threading.get_ident()] * 2

    with installed_hubs(hub):
        run(main)


def test_runs_many_coroutine_functions_at_once_without_a_thread_each(
    instance: SignalRInstance, token: Tokens
) -> None:
    hub = Hub("chat")
    number = 500

    async def main(server: Server) -> None:
        everyone, started, is_first = asyncio.Event(), 0, True

        @hub.message("echo")
        async def echo(_request: UpstreamRequest, text: str) -> str:
            nonlocal started
            if is_first:
                return text
            started += 1
            if started == number:
                everyone.set()
            await everyone.wait()
            return text

        with installed_hubs(hub):
            bearer = token()
            # Reads the signing keys.
            assert (await server.call(bearer)).status == 200
            is_first = False
            threads = threading.active_count()
            calls = [asyncio.ensure_future(server.call(bearer)) for _ in range(number)]
            # A refused call never starts its handler, and all others would wait for it.
            done, _ = await asyncio.wait(calls, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            assert {(each.result().status, each.result().code) for each in done} <= {(200, "")}
            found = await asyncio.gather(*calls)
            assert {each.status for each in found} == {200}
            # Those of the policies' reading and of the key set's.
            assert threading.active_count() <= threads + 4

    run(main)


def test_plain_functions_do_not_block_the_event_loop(
    instance: SignalRInstance, token: Tokens
) -> None:
    hub = Hub("chat")
    end = threading.Event()

    @hub.message("echo")
    def echo(_request: UpstreamRequest, text: str) -> str:
        assert end.wait(30)
        return text

    async def main(server: Server) -> None:
        bearer = token()
        waiting = [asyncio.ensure_future(server.call(bearer)) for _ in range(3)]
        await asyncio.sleep(0.05)
        refused = await server.call("a.b.c")
        assert (refused.status, refused.code) == (401, "bad_base64url")
        assert not any(each.done() for each in waiting)
        end.set()
        assert [(await each).status for each in waiting] == [200] * 3

    with installed_hubs(hub):
        run(main)


@pytest.mark.parametrize("raised", [SystemExit("enough"), KeyError("x"), asyncio.CancelledError()])
@pytest.mark.parametrize("is_async", [False, True])
def test_responds_to_any_exception_of_handler(
    instance: SignalRInstance, token: Tokens, raised: BaseException, is_async: bool
) -> None:
    hub = Hub("chat")

    def fail(_request: UpstreamRequest, text: str) -> str:
        raise raised

    async def afail(_request: UpstreamRequest, text: str) -> str:
        raise raised

    hub.message("echo")(afail if is_async else fail)

    async def main(server: Server) -> None:
        response = await server.call(token())
        assert response.status == 200
        assert b"The server failed to handle the call." in response.body

    with installed_hubs(hub):
        run(main)


def test_handlers_see_the_request_id(instance: SignalRInstance, token: Tokens) -> None:
    names: list[str] = []
    sent_back: list[str] = []
    hub = Hub("chat")

    @hub.message("echo")
    async def echo(_request: UpstreamRequest, _text: str) -> None:
        names.append(current_request_id())

    @hub.message("plain")
    def plain(_request: UpstreamRequest) -> None:
        names.append(current_request_id())

    async def main(server: Server) -> None:
        responses = [
            await server.call(token(), x_request_id="deploy-7"),
            await server.call(token()),
        ]
        sent_back.extend(each.headers[b"x-request-id"].decode() for each in responses)

    with installed_hubs(hub):
        run(main)
    assert names == sent_back
    assert names[0] == "deploy-7"
    assert current_request_id() == ""
