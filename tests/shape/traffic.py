"""Upstream requests through nginx, valid and hostile, each counted by its answer.

A valid message is sent again where it was not handled, as nginx itself does with one that it could
not send. Each attempt has a connection ID of its own, so that every answer, every handled call and
every decision can be matched.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any, Final

import aiohttp

from localazure import seed
from tests.cloud import LocalAzure
from tests.upstreams.receiver.conftest import RESOURCE
from tests.upstreams.receiver.hostile import (
    HERE,
    hostile_requests,
    hostile_tokens,
    sent,
    told,
)
from tests.upstreams.receiver.requests import json_call
from tests.upstreams.receiver.sockets import Header

_RETRY_SECONDS: Final = 0.5
# Until a message has to be handled: longer than every outage.
_MOST_ATTEMPTS: Final = 240
_TIMEOUT_SECONDS: Final = 60
_CLOCK_SECONDS: Final = 90
# nginx's own limit of one header is 8 KiB.
_LONGEST_TOKEN: Final = 7_000
# Answers to a hostile token of a process that does not hold the key: it compares the claims first.
_WITHOUT_KEYS: Final = ("401 claims_mismatch", "503 keys_unavailable")


@dataclass(frozen=True)
class Attack:
    """A hostile request, and the status and code of its refusal."""

    name: str
    headers: list[Header]
    status: int
    code: str


@dataclass
class Sent:
    """The results of the requests. An answer is a status with the receiver's code."""

    # By the connection ID of each attempt. Without an answer of a receiver: what there was instead.
    attempts: dict[str, str] = field(default_factory=dict)
    undelivered: list[str] = field(default_factory=list)
    hostile: Counter[tuple[str, str]] = field(default_factory=Counter)
    unexpected: Counter[tuple[str, str]] = field(default_factory=Counter)


class Traffic:
    """Sends from a thread until `stop`; rates are requests a second."""

    def __init__(self, url: str, ca_file: Path, azure: LocalAzure, rates: tuple[int, int]) -> None:
        self._url: Final = url + HERE
        self._context: Final = ssl.create_default_context(cafile=str(ca_file))
        self._azure: Final = azure
        self._rates: Final = rates
        self._attacks: Final = list(attacks(azure))
        self._tokens: list[str] = []
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread: Final = threading.Thread(target=self._run, daemon=True)
        self.sent: Final = Sent()

    def start(self) -> None:
        """Begin."""
        self._tokens = self._new_tokens()
        self._thread.start()

    def stop(self) -> None:
        """Send no new message, and wait for the answers."""
        self._stopping.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._send())
        except BaseException as error:  # noqa: BLE001  # raised by `stop`
            self._error = error

    async def _send(self) -> None:
        connector = aiohttp.TCPConnector(ssl=self._context, limit=100)
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._renew_tokens())
            tasks.create_task(self._send_valid(http, tasks))
            tasks.create_task(self._send_hostile(http, tasks))

    async def _renew_tokens(self) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(1)
            self._tokens = await asyncio.to_thread(self._new_tokens)

    async def _send_valid(self, http: aiohttp.ClientSession, tasks: asyncio.TaskGroup) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            tasks.create_task(self._deliver(http, number))
            await asyncio.sleep(1 / self._rates[0])

    async def _send_hostile(self, http: aiohttp.ClientSession, tasks: asyncio.TaskGroup) -> None:
        while not self._stopping.is_set():
            for attack in self._attacks:
                tasks.create_task(self._attack(http, attack))
                await asyncio.sleep(1 / self._rates[1])
                if self._stopping.is_set():
                    return

    async def _deliver(self, http: aiohttp.ClientSession, number: int) -> None:
        """Send a message until it is handled."""
        for attempt in range(_MOST_ATTEMPTS):
            key = f"m{number}-{attempt}"
            token = self._tokens[number % len(self._tokens)]
            headers = sent(token, X_ASRS_Connection_Id=key)
            answer = self.sent.attempts[key] = await self._post(http, headers)
            if answer == "200":
                return
            await asyncio.sleep(_RETRY_SECONDS)
        self.sent.undelivered.append(f"m{number}")

    async def _attack(self, http: aiohttp.ClientSession, attack: Attack) -> None:
        answer = await self._post(http, attack.headers)
        self.sent.hostile[attack.name, answer] += 1
        expected = {f"{attack.status} {attack.code}", *_WITHOUT_KEYS}
        if answer not in expected and not is_unanswered(answer):
            self.sent.unexpected[attack.name, answer] += 1

    async def _post(self, http: aiohttp.ClientSession, headers: list[Header]) -> str:
        try:
            async with http.post(self._url, data=json_call(["hi"]), headers=headers) as answer:
                if answer.status == HTTPStatus.OK:
                    return "200"
                if not answer.content_type.endswith("json"):
                    return f"no answer: nginx {answer.status}"
                problem = await answer.json(content_type=None)
                return f"{answer.status} {problem['code']}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"no answer: {type(error).__name__}"

    def _new_tokens(self) -> list[str]:
        """Return tokens of now, and of an Entra whose clock is off, either way."""
        return [_token(self._azure, off) for off in (0, 0, 0, _CLOCK_SECONDS, -_CLOCK_SECONDS)]


def is_unanswered(answer: str) -> bool:
    """Return whether no receiver answered."""
    return answer.startswith("no answer")


def attacks(azure: LocalAzure) -> Iterator[Attack]:
    """Yield hostile requests that nginx passes on."""

    def token(resource: str = RESOURCE, **changes: Any) -> str:
        order = {"principal": seed.CHAT, "resource": resource, **changes}
        return str(azure.post("/_local/tokens", order)["token"])

    for name, reason, compact in hostile_tokens(token):
        if compact.isascii() and compact.isprintable() and len(compact) < _LONGEST_TOKEN:
            yield Attack(name, sent(compact), 401, told(reason))
    for one in hostile_requests(token()):
        if one.name.startswith("no X-ASRS") or one.name == "no Authorization":
            yield Attack(one.name, one.headers, one.status, one.code)


def _token(azure: LocalAzure, off: int) -> str:
    # As Entra does: valid from five minutes ago.
    now = int(time()) + off
    claims = {"iat": now - 300, "nbf": now - 300, "exp": now + 3_600}
    order = {"principal": seed.CHAT, "resource": RESOURCE, "claims": claims}
    return str(azure.post("/_local/tokens", order)["token"])
