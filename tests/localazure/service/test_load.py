"""Many clients, and a slow reader that does not affect the others."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.localazure.service.application import Application
from tests.localazure.service.sockets import SEPARATOR

pytestmark = pytest.mark.slow

CLIENTS = 1000
AT_ONCE = 50
CHUNK = "x" * 256 * 1024


async def open_clients(application: Application, stack: AsyncExitStack) -> list[ClientConnection]:
    """Return connected clients of the hub chat."""
    context = ssl.create_default_context(cafile=str(application.cloud.ca_file))
    url = f"wss{application.endpoint.removeprefix('https')}/client/?hub=chat"
    headers = {"Authorization": f"Bearer {application.client_token()}"}
    turn = asyncio.Semaphore(AT_ONCE)

    async def open_one() -> ClientConnection:
        async with turn:
            opening = connect(
                url,
                ssl=context,
                additional_headers=headers,
                compression=None,
                proxy=None,
                open_timeout=None,
                ping_interval=None,
            )
            socket = await stack.enter_async_context(opening)
            await socket.send(json.dumps({"protocol": "json", "version": 1}) + SEPARATOR)
            assert await socket.recv() == "{}" + SEPARATOR
            return socket

    return list(await asyncio.gather(*(open_one() for _ in range(CLIENTS))))


async def said(socket: ClientConnection) -> Any:
    """Return the argument of the next call, past pings."""
    while True:
        for text in str(await socket.recv()).split(SEPARATOR)[:-1]:
            frame = json.loads(text)
            if frame["type"] == 1:
                return frame["arguments"][0]


async def drop_by_not_reading(application: Application, slow: ClientConnection) -> None:
    """Send to a client that has stopped reading until the service disconnects it."""
    slow.transport.pause_reading()
    for _ in range(400):
        sent = await asyncio.to_thread(application.send, "/users/slow", CHUNK)
        assert sent == 202
        listed = await asyncio.to_thread(application.cloud.get, "/_local/connections")
        waiting = [one["waitingBytes"] for one in listed if one["userId"] == "slow"]
        if not waiting:
            return
        assert max(waiting) <= 5 * 1024 * 1024
    raise AssertionError("The client is still connected.")


async def overload(application: Application) -> None:
    async with AsyncExitStack() as stack:
        sockets = await open_clients(application, stack)
        url = f"wss{application.endpoint.removeprefix('https')}/client/?hub=chat"
        token = application.client_token(**{"asrs.s.uid": "slow"})
        slow = await stack.enter_async_context(
            connect(
                url,
                ssl=ssl.create_default_context(cafile=str(application.cloud.ca_file)),
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
                proxy=None,
                max_size=None,
                ping_interval=None,
                close_timeout=1,
            )
        )
        await slow.send(json.dumps({"protocol": "json", "version": 1}) + SEPARATOR)
        await slow.recv()
        await drop_by_not_reading(application, slow)
        assert await asyncio.to_thread(application.send, "", "hello") == 202
        assert await asyncio.gather(*map(said, sockets)) == ["hello"] * CLIENTS


def test_thousand_clients_and_a_slow_reader(application: Application) -> None:
    one = {"name": "test-service", "resourceGroup": "rg-test", "sku": {"capacity": 2}}
    # The clients send no pings, and the machine may be busy.
    patient = {"serverless": {"connectionTimeoutInSeconds": 120}}
    application.cloud.seed(instances=[one | {"properties": patient}])
    # Seeding replaces the instance, upstream templates included: no event is sent here.
    asyncio.run(overload(application))
