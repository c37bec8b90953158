"""Clients that send at a fixed rate, whatever the chain does, and count what they receive."""

from __future__ import annotations

import asyncio
import html
import json
import re
import ssl
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from benchmarks.client_to_client.sockets import Socket
from benchmarks.receiver.open_loop import quantile

_TICKET: Final = re.compile(r'<script id="ticket" type="application/json">(.*?)</script>')
# Ends every frame. Source: HubProtocol.md.
_SEPARATOR: Final = b"\x1e"
_INVOCATION: Final = 1
_COMPLETION: Final = 3
_HANDSHAKE: Final = b'{"protocol":"json","version":1}' + _SEPARATOR
_PING: Final = b'{"type":6}' + _SEPARATOR
_PING_SECONDS: Final = 15.0
_CONNECT_AT_ONCE: Final = 20
_CONNECT_SECONDS: Final = 120.0
# The run is over once nothing has arrived for so long.
_QUIET_SECONDS: Final = 15.0
# Messages that are due within this time are sent at once: a timer for each would cost more than
# sending it. Latencies count from the time at which each was due.
_TICK_SECONDS: Final = 0.002


@dataclass
class Result:
    """The messages of one run by number, counted where they were sent and where they arrived.

    A message is accepted once the handler's completion has reached its sender. `latencies` are in
    milliseconds, each from the time at which the message was due.
    """

    rate: float
    sent: int = 0
    accepted: set[int] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)
    received: set[int] = field(default_factory=set)
    repeated: int = 0
    out_of_order: int = 0
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    disconnected: int = 0

    @property
    def lost(self) -> int:
        """Accepted messages that have not arrived."""
        return len(self.accepted - self.received)

    @property
    def unanswered(self) -> int:
        """Messages without a completion."""
        return self.sent - len(self.accepted) - self.failed.total()

    def latency(self, part: float) -> float:
        """Return the latency that `part` of the messages do not exceed."""
        return quantile(self.latencies, part) if self.latencies else float("nan")


class Clients:
    """Connected clients. Each sends to the one half of them further on."""

    def __init__(self, portal: str, ca_file: str) -> None:
        self._portal = portal
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._sockets: list[Socket] = []
        self._last: dict[str, int] = {}
        self._waiting: set[int] = set()
        self._heard = 0.0
        self._result = Result(0)

    async def open(self, stack: AsyncExitStack, number: int) -> None:
        """Connect `number` clients; they are disconnected when `stack` is closed."""
        turn = asyncio.Semaphore(_CONNECT_AT_ONCE)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            timeout=aiohttp.ClientTimeout(total=_CONNECT_SECONDS),
            raise_for_status=True,
        ) as http:

            async def open_one(index: int) -> Socket:
                async with turn, asyncio.timeout(_CONNECT_SECONDS):
                    return await self._open(http, stack, _name(index))

            self._sockets = await asyncio.gather(*map(open_one, range(number)))
        pinging = asyncio.create_task(self._ping())
        stack.callback(pinging.cancel)

    async def run(self, rate: float, seconds: float) -> Result:
        """Send `rate` messages a second for so long, and wait until all have arrived."""
        result = self._result = Result(rate)
        self._last, self._waiting = {}, set()
        start = self._heard = perf_counter()
        number, total = 0, int(rate * seconds)
        while number < total:
            now = perf_counter()
            while number < total and (due := start + number / rate) <= now:
                self._send(number, due)
                number += 1
            if number < total:
                due = start + number / rate
                await asyncio.sleep(max(due - perf_counter(), _TICK_SECONDS))
        while not self._is_complete() and perf_counter() < self._heard + _QUIET_SECONDS:
            await asyncio.sleep(0.1)
        result.seconds = self._heard - start
        result.disconnected = sum(not socket.is_open for socket in self._sockets)
        return result

    async def _open(self, http: aiohttp.ClientSession, stack: AsyncExitStack, name: str) -> Socket:
        url, token = await self._negotiate(http, name)
        address, _, query = url.partition("?")
        headers = {"Authorization": f"Bearer {token}"}
        async with http.post(
            f"{address}negotiate?{query}&negotiateVersion=1", headers=headers
        ) as answer:
            connection = urlencode({"id": (await answer.json())["connectionToken"]})
        agreed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        received = partial(self._received, agreed)
        socket = await Socket.connect(f"{address}?{query}&{connection}", token, self._tls, received)
        stack.callback(socket.close)
        socket.send(_HANDSHAKE)
        await agreed
        return socket

    async def _negotiate(self, http: aiohttp.ClientSession, name: str) -> tuple[str, str]:
        async with http.get(f"{self._portal}/chat/", params={"name": name}) as page:
            found = _TICKET.search(await page.text())
        ticket = json.loads(html.unescape(found[1])) if found else ""
        headers = {"Authorization": f"Bearer {ticket}"}
        url = f"{self._portal}/negotiate/chat/negotiate"
        async with http.post(url, headers=headers) as answer:
            document = await answer.json()
        return document["url"], document["accessToken"]

    def _send(self, number: int, due: float) -> None:
        count = len(self._sockets)
        index = number % count
        target = _name((index + count // 2) % count)
        self._waiting.add(number)
        self._result.sent += 1
        frame = (
            f'{{"type":{_INVOCATION},"invocationId":"{number}","target":"relay",'
            f'"arguments":["{target}",{number},{due!r}]}}'
        )
        self._sockets[index].send(frame.encode() + _SEPARATOR)

    def _received(self, agreed: asyncio.Future[bytes], message: bytes) -> None:
        """Take one message of the service: the agreement on the protocol first, then frames."""
        if not agreed.done():
            agreed.set_result(message)
            return
        for text in message.split(_SEPARATOR)[:-1]:
            frame: dict[str, Any] = json.loads(text)
            kind = frame["type"]
            if kind == _INVOCATION and frame["target"] == "relayed":
                self._relayed(*frame["arguments"])
            elif kind == _COMPLETION:
                self._completed(frame)

    def _relayed(self, sender: str, number: int, due: float) -> None:
        result, self._heard = self._result, perf_counter()
        if number in result.received:
            result.repeated += 1
            return
        result.received.add(number)
        result.latencies.append((self._heard - due) * 1000)
        if number < self._last.get(sender, 0):
            result.out_of_order += 1
        self._last[sender] = number

    def _completed(self, frame: dict[str, Any]) -> None:
        number = int(frame["invocationId"])
        if number not in self._waiting:
            return
        self._waiting.discard(number)
        self._heard = perf_counter()
        if "error" in frame:
            self._result.failed[frame["error"]] += 1
        else:
            self._result.accepted.add(number)

    def _is_complete(self) -> bool:
        return not self._waiting and not self._result.lost

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            for socket in self._sockets:
                socket.send(_PING)


def _name(index: int) -> str:
    return f"client{index}"
