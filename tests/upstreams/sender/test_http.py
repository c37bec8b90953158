"""HTTP connections: for all threads, for each event loop, and none after its loop."""

from __future__ import annotations

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest
import uvloop
from asgiref.sync import async_to_sync

from upstreams.sender.transport import http


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
    assert loop not in http._sessions  # noqa: SLF001


def test_loops_have_clients_of_their_own() -> None:
    async def both() -> bool:
        inner = asyncio.to_thread(lambda: asyncio.run(client_twice()))
        return await client_twice() is not await inner

    assert asyncio.run(both())


def test_threads_share_a_client() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = {id(each) for each in pool.map(lambda _: http.manager("localhost"), range(8))}
    assert found == {id(http.manager("localhost"))}
