"""HTTP connections: for all threads, for each event loop, and none after its loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest
import uvloop
from asgiref.sync import async_to_sync
from pytest_django import Settings

from upstreams.sender.transport import http
from upstreams.sender.transport.responses import NoResponse


async def client_twice() -> aiohttp.ClientSession:
    found = await http.client_session()
    assert await http.client_session() is found
    assert not found.closed
    return found


@pytest.mark.parametrize("kind", ["asyncio", "uvloop", "async_to_sync"])
def test_client_ends_with_its_loop(kind: str) -> None:
    if kind == "asyncio":
        found = asyncio.run(client_twice())
    elif kind == "uvloop":
        found = uvloop.run(client_twice())
    else:
        found = async_to_sync(client_twice)()
    assert found.closed
    ended = weakref.ref(found)
    del found
    gc.collect()
    assert ended() is None


def test_client_of_a_loop_that_was_only_closed_is_forgotten() -> None:
    loop = asyncio.new_event_loop()
    first = loop.run_until_complete(client_twice())
    loop.close()
    second = asyncio.run(client_twice())
    assert first is not second
    assert loop not in http._clients  # noqa: SLF001


def test_loops_have_clients_of_their_own() -> None:
    async def both() -> bool:
        inner = asyncio.to_thread(lambda: asyncio.run(client_twice()))
        return await client_twice() is not await inner

    assert asyncio.run(both())


def test_threads_share_a_client() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = {id(each) for each in pool.map(lambda _: http.manager("localhost"), range(8))}
    assert found == {id(http.manager("localhost"))}


async def _done_before_one_that_waits() -> int:
    """Return how many of ten successive requests are done before one that waits meanwhile."""
    done: list[str] = []

    async def send(name: str, number: int) -> None:
        for _ in range(number):
            await http.asend("GET", url, {}, b"")
            done.append(name)

    async with _server() as url:
        await asyncio.gather(send("many", 10), send("one", 1))
    return done.index("one")


def test_requests_take_connections_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_MAX_CONNECTIONS", 1)
    assert asyncio.run(_done_before_one_that_waits()) == 1


async def _failure_while_another_is_under_way(settings: Settings) -> NoResponse:
    answered = asyncio.Event()
    async with _server(answered) as url:
        first = asyncio.create_task(http.asend("GET", url, {}, b""))
        await asyncio.sleep(0)
        settings.SENDER = settings.SENDER | {"TIMEOUT_SECONDS": 0.05}
        with pytest.raises(NoResponse) as failed:
            await http.asend("GET", url, {}, b"")
        answered.set()
        assert (await first).status == 200
    return failed.value


def test_request_without_a_connection_in_time_was_not_sent(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(http, "_MAX_CONNECTIONS", 1)
    error = asyncio.run(_failure_while_another_is_under_way(settings))
    assert error.is_timeout
    assert not error.was_sent


@contextlib.asynccontextmanager
async def _server(answered: asyncio.Event | None = None) -> AsyncIterator[str]:
    """A server on loopback that answers every request, as soon as `answered` is set."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answered is not None:
            await answered.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
