"""The floor: what the chain would cost if none of its programs did anything but pass bytes on.

The same libraries serve an application that does nothing: uvicorn with httptools and websockets
stands for the service, granian for the web server, aiohttp for the clients of both, and the
benchmark's own WebSockets for the clients. Three pairs of programs are measured, each by itself.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import trustme
import uvloop

from benchmarks.client_to_client.sockets import Socket
from benchmarks.receiver.processes import processor_seconds
from examples.demo.processes import PYTHON, Programs, free_port, web_server

_APPLICATION: Final = "benchmarks.client_to_client.floor_application:application"
_AT_ONCE: Final = 8
_WARM_UP: Final = 200
# About as long as the chain's own, in characters.
_TOKEN: Final = "x" * 1_200
_FRAME: Final = (
    b'{"type":1,"invocationId":"17","target":"relay","arguments":["client1",17,123456.789]}\x1e'
)
_BODY: Final = b'{"Target":"relayed","Arguments":["client1",17,123456.789]}'
# An echo is one message in and one out; a message of the chain is one in and two out.
_ECHOES: Final = 1.5

# Sends a number of messages to a port, one after the other on each of several connections.
Load = Callable[[int, int], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Part:
    """Microseconds of processor time that a server and its client take for a message."""

    title: str
    server: float
    client: float
    # How many a message of the chain takes.
    count: float = 1.0

    @property
    def microseconds(self) -> float:
        """The part's processor time for a message of the chain."""
        return (self.server + self.client) * self.count


def measure(folder: Path, messages: int) -> list[Part]:
    """Measure each part with a number of messages. `folder` is empty."""
    authority = trustme.CA()
    certificate, ca_file = folder / "server.pem", folder / "ca.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.create_default_context(cafile=str(ca_file))
    with Programs(folder, {}) as programs:

        def part(title: str, command: Callable[[int], list[str]], load: Load, count: float) -> Part:
            port, name = free_port(), title.replace(" ", "-")
            pid = programs.start(name, command(port)).pid
            programs.wait_for_port(name, port)
            uvloop.run(load(port, _WARM_UP))
            server, client = processor_seconds(pid), time.process_time()
            uvloop.run(load(port, messages))
            client = time.process_time() - client
            server = processor_seconds(pid) - server
            return Part(title, server / messages * 1e6, client / messages * 1e6, count)

        service = partial(_service, certificate=certificate)
        web = partial(web_server, application=_APPLICATION, workers=1)
        return [
            part("echo on a WebSocket", service, _echoes(tls), _ECHOES),
            part("request to the service", service, _requests(tls), 1.0),
            part("request to the web server", web, _requests(None), 1.0),
        ]


def _service(port: int, certificate: Path) -> list[str]:
    return [
        PYTHON, "-m", "uvicorn", _APPLICATION, "--port", str(port), "--http", "httptools",
        "--ws", "websockets-sansio", "--ws-per-message-deflate", "false",
        "--ssl-certfile", str(certificate), "--log-level", "warning", "--no-access-log",
    ]  # fmt: skip


def _echoes(tls: ssl.SSLContext) -> Load:
    async def echo(port: int, number: int) -> None:
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        url = f"https://localhost:{port}/client/?hub=chat"
        socket = await Socket.connect(url, _TOKEN, tls, answers.put_nowait)
        for _ in range(number):
            socket.send(_FRAME)
            await answers.get()
        socket.close()

    async def load(port: int, messages: int) -> None:
        await asyncio.gather(*(echo(port, messages // _AT_ONCE) for _ in range(_AT_ONCE)))

    return load


def _requests(tls: ssl.SSLContext | None) -> Load:
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}

    async def load(port: int, messages: int) -> None:
        url = f"{'https' if tls else 'http'}://localhost:{port}/api/hubs/chat/users/client1/:send"
        connector = aiohttp.TCPConnector(ssl=tls or True)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http:

            async def post(number: int) -> None:
                for _ in range(number):
                    async with http.post(url, data=_BODY, headers=headers) as response:
                        await response.read()

            await asyncio.gather(*(post(messages // _AT_ONCE) for _ in range(_AT_ONCE)))

    return load
