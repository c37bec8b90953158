"""Calls through the proxy that the environment names."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.localazure.service.application import Application
from upstreams.receiver import Hub
from upstreams.sender import context
from upstreams.sender.transport import http
from upstreams.sender.transport.client import ServiceClient

chat = Hub("chat")


class Proxy:
    """An HTTP proxy for CONNECT, which notes the heads of its requests."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heads: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(4096)
            self.heads.append(head.decode())
            host, _, port = head.split()[1].decode().partition(":")
            with socket.create_connection((host, int(port))) as service:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_relay, args=(service, client), daemon=True)
                back.start()
                _relay(client, service)
                back.join()


def _relay(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    one = Proxy()
    # The token of Microsoft Entra is requested without it.
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("HTTPS_PROXY", f"http://ann:s%40fe@127.0.0.1:{one.port}")
    monkeypatch.setenv("https_proxy", f"http://ann:s%40fe@127.0.0.1:{one.port}")
    http.proxy_for.cache_clear()
    context.install(ServiceClient())
    yield one
    http.proxy_for.cache_clear()
    for manager in http._managers.values():  # noqa: SLF001
        manager.clear()
    one.close()


def test_proxy_of_the_environment_is_used(allowed: Application, proxy: Proxy) -> None:
    chat.send_to_all("said", "hi")
    asyncio.run(chat.asend_to_all("said", "hi"))
    login = base64.b64encode(b"ann:s@fe").decode()
    sent = [head for head in proxy.heads if f"Basic {login}" in head]
    assert len(sent) >= 2


def test_excluded_host_is_called_directly(
    allowed: Application, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("no_proxy", "localhost")
    http.proxy_for.cache_clear()
    chat.send_to_all("said", "hi")
    asyncio.run(chat.asend_to_all("said", "hi"))
    assert proxy.heads == []
