"""A client of the chat: the JSON protocol of ASP.NET Core SignalR over a WebSocket.

Browsers use Microsoft's library instead; see `examples/chat/static/chat/chat.js`.
"""

from __future__ import annotations

import html
import json
import re
import time
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.parse import urlencode

import requests
from websockets.sync.client import ClientConnection, connect

_TICKET: Final = re.compile(r'<script id="ticket" type="application/json">(.*?)</script>')
# Ends every frame. Source: HubProtocol.md.
_SEPARATOR: Final = "\x1e"
_INVOCATION: Final = 1
_COMPLETION: Final = 3
_CLOSE: Final = 7
_TIMEOUT: Final = 30.0


class ChatError(Exception):
    """The server refused a call, or closed the connection. The message is its own."""


class ChatClient(AbstractContextManager["ChatClient"]):
    """A guest of the chat at `portal`, connected to the instance that the portal names.

    `received` has what the server called: the method and its arguments, in order. Raises
    requests.HTTPError where the portal or the service refuses the client.
    """

    def __init__(self, portal: str, name: str) -> None:
        self.name = name
        self.received: list[tuple[str, list[Any]]] = []
        self._completions: dict[str, dict[str, Any]] = {}
        self._calls = 0
        url, token = _negotiate(portal, name)
        self.service_url = url
        self._socket = _open(url, token)
        self._send({"protocol": "json", "version": 1})
        self._handshake()

    def invoke(self, target: str, *arguments: Any) -> Any:
        """Call a method of the hub and return its result. Raises ChatError."""
        self._calls += 1
        call = str(self._calls)
        frame = {"type": _INVOCATION, "invocationId": call, "target": target}
        self._send(frame | {"arguments": list(arguments)})
        deadline = time.monotonic() + _TIMEOUT
        while call not in self._completions:
            self._read(deadline)
        completion = self._completions.pop(call)
        if "error" in completion:
            raise ChatError(completion["error"])
        return completion.get("result")

    def said(self, expected: int) -> list[tuple[str, str, str]]:
        """Return the messages as (from, to, text), once `expected` are there or time is up."""
        deadline = time.monotonic() + _TIMEOUT
        while len(found := self._said()) < expected:
            try:
                self._read(deadline)
            except TimeoutError:
                break
        return found

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def _said(self) -> list[tuple[str, str, str]]:
        return [
            (one["from"], one["to"], one["text"])
            for target, (one, *_) in self.received
            if target == "said"
        ]

    def _send(self, frame: dict[str, Any]) -> None:
        self._socket.send(json.dumps(frame) + _SEPARATOR)

    def _handshake(self) -> None:
        answer, *rest = _frames(self._socket.recv(_TIMEOUT))
        if "error" in answer:
            raise ChatError(answer["error"])
        for frame in rest:
            self._keep(frame)

    def _read(self, deadline: float) -> None:
        """Read one message. Raises TimeoutError at `deadline`."""
        for frame in _frames(self._socket.recv(max(0.0, deadline - time.monotonic()))):
            self._keep(frame)

    def _keep(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == _INVOCATION:
            self.received.append((frame["target"], frame["arguments"]))
        elif kind == _COMPLETION:
            self._completions[frame["invocationId"]] = frame
        elif kind == _CLOSE:
            raise ChatError(frame.get("error", "The server closed the connection."))


def _negotiate(portal: str, name: str) -> tuple[str, str]:
    """Return the service's URL and a token, as the portal gives them to a guest."""
    page = _answer(requests.get(f"{portal}/chat/", params={"name": name}, timeout=_TIMEOUT))
    found = _TICKET.search(page.text)
    if found is None:
        raise ChatError("The chat's page has no ticket.")
    ticket = json.loads(html.unescape(found[1]))
    answer = _post(f"{portal}/negotiate/chat/negotiate", ticket)
    return answer["url"], answer["accessToken"]


def _open(url: str, token: str) -> ClientConnection:
    address, _, query = url.partition("?")
    answer = _post(f"{address.rstrip('/')}/negotiate?{query}", token)
    connection = urlencode({"id": answer["connectionToken"]})
    return connect(
        f"{address.replace('http', 'ws', 1)}?{query}&{connection}",
        additional_headers={"Authorization": f"Bearer {token}"},
        proxy=None,
        max_size=None,
    )


def _post(url: str, token: str) -> dict[str, Any]:
    response = requests.post(
        url,
        params={"negotiateVersion": "1"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=_TIMEOUT,
    )
    found: dict[str, Any] = _answer(response).json()
    return found


def _answer(response: requests.Response) -> requests.Response:
    response.raise_for_status()
    return response


def _frames(message: str | bytes) -> list[dict[str, Any]]:
    text = message if isinstance(message, str) else message.decode()
    return [json.loads(one) for one in text.split(_SEPARATOR) if one]
