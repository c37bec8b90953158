"""A server on this machine, and leave to probe it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.diagnosis.probe.server import Server
from tests.diagnosis.test_checklist import instance as instance  # noqa: PLC0414  # a fixture


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Allow probes of this machine, where the tests' receivers are."""
    settings.SIGNALMAN_PROBE_NETWORKS = ["127.0.0.0/8", "::1/128"]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.web.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.web.shutdown()
    server.web.server_close()
    thread.join()
