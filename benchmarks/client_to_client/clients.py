"""Clients that send at a fixed rate, whatever the chain does, and count what they receive."""

from __future__ import annotations

import asyncio
import html
import json
import re
import ssl
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.receiver.open_loop import quantile

_TICKET: Final = re.compile(r'<script id="ticket" type="application/json">(.*?)</script>')
# Ends every frame. Source: HubProtocol.md.
_SEPARATOR: Final = "\x1e"
_INVOCATION: Final = 1
_COMPLETION: Final = 3
_PING: Final = json.dumps({"type": 6}) + _SEPARATOR
_PING_SECONDS: Final = 15.0
_CONNECT_AT_ONCE: Final = 20
_CONNECT_SECONDS: Final = 120.0
# The run is over once nothing has arrived for so long.
_QUIET_SECONDS: Final = 15.0
# A message: the sender's user ID, and its number.
Message = tuple[str, int]


@dataclass
class Result:
    """The messages of one run, counted where they were sent and where they arrived.

    A message is accepted once the handler's completion has reached its sender. `latencies` are in
    milliseconds, each from the time at which the message was due.
    """

    rate: float
    sent: set[Message] = field(default_factory=set)
    accepted: set[Message] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)
    received: Counter[Message] = field(default_factory=Counter)
    out_of_order: int = 0
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    disconnected: int = 0

    @property
    def lost(self) -> int:
        """Accepted messages that have not arrived."""
        return len(self.accepted - set(self.received))

    @property
    def unanswered(self) -> int:
        """Messages without a completion."""
        return len(self.sent) - len(self.accepted) - self.failed.total()

    @property
    def repeated(self) -> int:
        """Arrivals of a message that had arrived before."""
        return self.received.total() - len(self.received)

    def latency(self, part: float) -> float:
        """Return the latency that `part` of the messages do not exceed."""
        return quantile(self.latencies, part) if self.latencies else float("nan")


class Clients:
    """Connected clients. Each sends to the one half of them further on."""

    def __init__(self, portal: str, ca_file: str) -> None:
        self._portal = portal
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._sockets: list[ClientConnection] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._last: dict[str, int] = {}
        self._calls: dict[tuple[int, str], Message] = {}
        self._heard = 0.0
        self._result = Result(0)

    async def open(self, stack: AsyncExitStack, number: int) -> None:
        """Connect `number` clients; they are disconnected when `stack` is closed."""
        turn = asyncio.Semaphore(_CONNECT_AT_ONCE)
        async with httpx.AsyncClient(verify=self._tls, timeout=_CONNECT_SECONDS) as http:

            async def open_one(index: int) -> ClientConnection:
                async with turn:
                    return await self._open(http, stack, _name(index))

            self._sockets = await asyncio.gather(*map(open_one, range(number)))
        reading = [self._read(index, socket) for index, socket in enumerate(self._sockets)]
        self._tasks = [asyncio.create_task(one) for one in (*reading, self._ping())]
        stack.push_async_callback(self._stop)

    async def run(self, rate: float, seconds: float) -> Result:
        """Send `rate` messages a second for so long, and wait until all have arrived."""
        result = self._result = Result(rate)
        self._last, self._calls = {}, {}
        start = self._heard = perf_counter()
        for turn in range(int(rate * seconds)):
            due = start + turn / rate
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            await self._send(turn, due)
        while not self._is_complete() and perf_counter() < self._heard + _QUIET_SECONDS:
            await asyncio.sleep(0.1)
        result.seconds = self._heard - start
        return result

    async def _open(
        self, http: httpx.AsyncClient, stack: AsyncExitStack, name: str
    ) -> ClientConnection:
        url, token = await self._negotiate(http, name)
        address, _, query = url.partition("?")
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.post(f"{address}negotiate?{query}&negotiateVersion=1", headers=headers)
        connection = urlencode({"id": answer.raise_for_status().json()["connectionToken"]})
        opening = connect(
            f"{address.replace('http', 'ws', 1)}?{query}&{connection}",
            ssl=self._tls,
            additional_headers=headers,
            compression=None,
            proxy=None,
            open_timeout=_CONNECT_SECONDS,
            ping_interval=None,
            close_timeout=1,
        )
        socket = await stack.enter_async_context(opening)
        await socket.send(json.dumps({"protocol": "json", "version": 1}) + _SEPARATOR)
        await socket.recv()
        return socket

    async def _negotiate(self, http: httpx.AsyncClient, name: str) -> tuple[str, str]:
        page = await http.get(f"{self._portal}/chat/", params={"name": name})
        found = _TICKET.search(page.raise_for_status().text)
        ticket = json.loads(html.unescape(found[1])) if found else ""
        answer = await http.post(
            f"{self._portal}/negotiate/chat/negotiate",
            headers={"Authorization": f"Bearer {ticket}"},
        )
        document = answer.raise_for_status().json()
        return document["url"], document["accessToken"]

    async def _send(self, turn: int, due: float) -> None:
        count = len(self._sockets)
        index, number = turn % count, turn // count
        call, target = str(turn), _name((index + count // 2) % count)
        message = (_name(index), number)
        self._calls[index, call] = message
        self._result.sent.add(message)
        frame = {"type": _INVOCATION, "invocationId": call, "target": "relay"}
        frame["arguments"] = [target, number, due]
        with suppress(ConnectionClosed):
            await self._sockets[index].send(json.dumps(frame) + _SEPARATOR)

    async def _read(self, index: int, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                for text in str(await socket.recv()).split(_SEPARATOR)[:-1]:
                    self._keep(index, json.loads(text))
        self._result.disconnected += 1

    def _keep(self, index: int, frame: dict[str, Any]) -> None:
        if frame.get("type") == _INVOCATION and frame["target"] == "relayed":
            self._received(*frame["arguments"])
        elif frame.get("type") == _COMPLETION:
            self._completed(index, frame)

    def _received(self, sender: str, number: int, due: float) -> None:
        result, self._heard = self._result, perf_counter()
        result.received[sender, number] += 1
        result.latencies.append((self._heard - due) * 1000)
        if number < self._last.get(sender, 0):
            result.out_of_order += 1
        self._last[sender] = number

    def _completed(self, index: int, frame: dict[str, Any]) -> None:
        message = self._calls.pop((index, frame["invocationId"]), None)
        if message is None:
            return
        self._heard = perf_counter()
        if "error" in frame:
            self._result.failed[frame["error"]] += 1
        else:
            self._result.accepted.add(message)

    def _is_complete(self) -> bool:
        return not self._calls and not self._result.lost

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            for socket in self._sockets:
                with suppress(ConnectionClosed):
                    await socket.send(_PING)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _name(index: int) -> str:
    return f"client{index}"
