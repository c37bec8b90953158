"""A client of the WebSockets transport, frame by frame."""

from __future__ import annotations

import json
import ssl
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.localazure.service.application import Application

SEPARATOR = "\x1e"
PATIENCE_SECONDS = 20


def negotiate(application: Application, token: str, **query: str) -> requests.Response:
    """Send the negotiation of a client of the hub chat."""
    return requests.post(
        f"{application.endpoint}/client/negotiate",
        params={"hub": "chat", "negotiateVersion": "1"} | query,
        headers={"Authorization": f"Bearer {token}"},
        verify=str(application.cloud.ca_file),
        timeout=PATIENCE_SECONDS,
    )


def upgrade(application: Application, token: str, **query: str) -> requests.Response:
    """Request a WebSocket that is refused, and return the response."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    return requests.get(
        f"{application.endpoint}/client/",
        params={"hub": "chat"} | query,
        headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}),
        verify=str(application.cloud.ca_file),
        timeout=PATIENCE_SECONDS,
    )


class Client:
    """A connected client of the hub chat, in the JSON protocol."""

    def __init__(self, application: Application, *, user: str | None = None, **claims: Any) -> None:
        token = application.client_token(**({"asrs.s.uid": user} if user else {}), **claims)
        answer = negotiate(application, token).json()
        self.connection_id: str = answer["connectionId"]
        self._received: list[dict[str, Any]] = []
        self._opened = open_socket(application, token, id=answer["connectionToken"])
        self.socket = self._opened.__enter__()
        self.send({"protocol": "json", "version": 1})
        assert self.next() == {}

    def send(self, frame: Any) -> None:
        """Send one frame."""
        self.socket.send(json.dumps(frame) + SEPARATOR)

    def invoke(self, target: str, *arguments: Any, invocation_id: str | None = "1") -> None:
        """Send an invocation; without an id it is not answered."""
        frame = {"type": 1, "target": target, "arguments": list(arguments)}
        self.send(frame | ({"invocationId": invocation_id} if invocation_id else {}))

    def next(self) -> dict[str, Any]:
        """Return the next frame."""
        while not self._received:
            text = self.socket.recv(PATIENCE_SECONDS)
            assert isinstance(text, str)
            self._received += [json.loads(one) for one in text.split(SEPARATOR)[:-1]]
        return self._received.pop(0)

    def until_closed(self) -> list[dict[str, Any]]:
        """Return the frames until the service closes the socket."""
        frames = []
        try:
            while True:
                frames.append(self.next())
        except ConnectionClosed:
            return frames

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.__exit__(kind, error, trace)


def open_socket(
    application: Application, token: str, **query: str
) -> AbstractContextManager[ClientConnection]:
    """Return a context in which a WebSocket of the hub chat is open."""
    context = ssl.create_default_context(cafile=str(application.cloud.ca_file))
    # The session tickets of TLS 1.3 make a socket readable without data: after a handshake that
    # took too long, websockets would wait forever for the thread that reads.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    url = f"wss{application.endpoint.removeprefix('https')}/client/"
    return connect(
        f"{url}?{urlencode({'hub': 'chat', **query})}",
        ssl=context,
        additional_headers={"Authorization": f"Bearer {token}"} if token else {},
        compression=None,
        proxy=None,
        max_size=None,
        open_timeout=PATIENCE_SECONDS,
    )
