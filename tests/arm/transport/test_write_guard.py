"""The last check before a write: after it, one complete request is sent at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from arm.client import ArmClient
from arm.instance_state import IdentityState
from arm.request_bodies import identity_patch
from arm.settings import ArmSettings
from arm.transport.write_guard import checking_writes
from localazure import seed
from tests.cloud import LocalAzure
from tests.faults.watching_proxy import Stage, WatchingProxy

SYSTEM_ASSIGNED = identity_patch(IdentityState("SystemAssigned"))
# How long nothing must come until all that was sent has come.
QUIET_SECONDS = 0.2


class Stop(Exception):
    """The write must not be sent."""


class Relay:
    """Forwards connections, and notes what the client sends."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"
        self.sent = b""
        self._sockets = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def settled(self) -> int:
        """Return how many bytes have come, once no more come."""
        total = -1
        while total != len(self.sent):
            total = len(self.sent)
            time.sleep(QUIET_SECONDS)
        return total

    def close(self) -> None:
        for each in self._sockets:
            # Closing alone does not end a call that waits for data.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                self._start(self._forward, client, server, True)
                self._start(self._forward, server, client, False)

    def _forward(self, source: socket.socket, target: socket.socket, is_client: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_client:
                    self.sent += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(local_azure: LocalAzure) -> Iterator[Relay]:
    relay = Relay(local_azure.port)
    yield relay
    relay.close()


def refuse() -> None:
    raise Stop


def patch(url: str) -> None:
    client = ArmClient(seed.SUBSCRIPTION_ID, ArmSettings(url, instance_discovery=False))
    client.patch_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS, SYSTEM_ASSIGNED)


def tls_records(data: bytes) -> int:
    """Return the number of TLS records, each a header of five bytes and its content."""
    total = 0
    while data:
        total, data = total + 1, data[5 + int.from_bytes(data[3:5]) :]
    return total


def test_checks_when_the_connection_is_open(relay: Relay) -> None:
    before: list[int] = []
    with checking_writes(lambda: before.append(relay.settled())):
        patch(relay.url)
    assert before[0] > 0


def test_sends_the_whole_request_at_once(relay: Relay, local_azure: LocalAzure) -> None:
    before: list[int] = []
    with checking_writes(lambda: before.append(relay.settled())):
        patch(relay.url)
    assert tls_records(relay.sent[before[0] :]) == 1
    (received,) = local_azure.requests("PATCH")
    assert received["body"] == SYSTEM_ASSIGNED


def test_sends_nothing_if_the_check_raises(relay: Relay, local_azure: LocalAzure) -> None:
    with checking_writes(refuse), pytest.raises(Stop):
        patch(relay.url)
    assert local_azure.requests("PATCH") == []
    # The connection that it leaves is not used for half a request.
    patch(relay.url)
    assert len(local_azure.requests("PATCH")) == 1


def test_checks_writes_through_a_proxy(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[Stage] = []
    proxy = WatchingProxy(lambda _connection, stage: stages.append(stage))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "")
    try:
        with checking_writes(refuse), pytest.raises(Stop):
            patch(local_azure.url)
        assert stages[0] == Stage.CONNECT
        assert local_azure.requests("PATCH") == []
        patch(local_azure.url)
        assert len(local_azure.requests("PATCH")) == 1
    finally:
        proxy.shutdown()
        proxy.server_close()


def test_reads_are_not_checked(relay: Relay) -> None:
    client = ArmClient(seed.SUBSCRIPTION_ID, ArmSettings(relay.url, instance_discovery=False))
    with checking_writes(lambda: pytest.fail("A read was checked.")):
        client.get_instance(seed.PAYMENTS_GROUP, seed.PAYMENTS)
