"""Receivers behind nginx are restarted or killed: which upstream requests fail, counted."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from examples.demo.processes import free_port
from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.config.serving.test_parent_process import web_workers
from tests.deploy.manifests import DEPLOY, unit_command, unit_environment
from tests.deploy.proxy import repository_nginx
from tests.deploy.test_processes import Shape, wait_until_ready
from tests.sync.portal import Portal, new_portal
from tests.upstreams.receiver.conftest import RESOURCE
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from tests.waits import wait_until

pytestmark = pytest.mark.slow

UNIT = DEPLOY / "systemd" / "signalman-receiver@.service"
SENDERS = 3


class Service:
    """Sends calls of clients from several threads, and counts the answers."""

    def __init__(self, url: str, bearer: str, authority: Path) -> None:
        self._url = url
        # A connection for each request: one that is kept may be closed by nginx as it is used.
        self._headers = dict(sent(bearer)) | {"Connection": "close"}
        self._authority = str(authority)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.statuses: Counter[int | str] = Counter()
        self.servers: list[str] = []
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def __enter__(self) -> Service:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, server: int) -> None:
        """Wait until some more answers have come from the receiver on that port."""
        begun = len(self.servers)
        address = f"127.0.0.1:{server}"
        wait_until(
            lambda: self.servers[begun:].count(address) >= 10 * SENDERS,
            "The receiver does not respond.",
        )

    def _send(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self._authority
            while not self._stop.is_set():
                status: int | str
                try:
                    answer = session.post(
                        self._url, json_call(["hi"]), headers=self._headers, timeout=60
                    )
                    status, server = answer.status_code, answer.headers.get("X-Served-By", "")
                except requests.RequestException as error:
                    status, server = type(error).__name__, ""
                with self._lock:
                    self.statuses[status] += 1
                    self.servers.append(server)


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    portal = new_portal(tmp_path, seed.CHAT)
    portal.environment |= {
        "SIGNALMAN_APPS": "examples.chat",
        "SIGNALMAN_HTTPS": "true",
        "SIGNALMAN_BEHIND_PROXY": "true",
        "SIGNALMAN_FLUSH_SECONDS": "3600",
        "LOGS": str(tmp_path),
    }
    return portal


@pytest.fixture
def bearer(local_azure: LocalAzure) -> str:
    """A token of the instance's identity."""
    order = {"principal": seed.CHAT, "resource": RESOURCE}
    return str(local_azure.post("/_local/tokens", order)["token"])


def start_receiver(stack: ExitStack, portal: Portal, port: int) -> int:
    """Start what the unit starts, wait until it is ready, and return its process id."""
    shape = Shape(REPOSITORY, dict(portal.environment))
    command = unit_command(UNIT, str(port))
    process = stack.enter_context(
        shape.running(f"receiver-{port}", command, unit_environment(UNIT))
    )
    wait_until_ready(port, "receiver")
    return process.pid


def test_no_request_fails_while_receivers_restart(
    portal: Portal, bearer: str, tmp_path: Path
) -> None:
    ports = [free_port(), free_port()]
    with ExitStack() as first, ExitStack() as second, repository_nginx(tmp_path, ports) as proxy:
        stacks = [first, second]
        for stack, port in zip(stacks, ports, strict=True):
            start_receiver(stack, portal, port)
        with Service(proxy.url + HERE, bearer, tmp_path / "ca.pem") as service:
            for stack, port in zip(stacks, ports, strict=True):
                service.wait_for(port)
                proxy.set_down(port, is_down=True)
                # SIGTERM, and wait for the end.
                stack.close()
                start_receiver(stack, portal, port)
                proxy.set_down(port, is_down=False)
                service.wait_for(port)
        total = sum(service.statuses.values())
        assert service.statuses == {200: total}
    # Nothing was written before a process was asked to end.
    rows = json.loads(portal.manage("deliveries", "--json").stdout)
    assert sum(row["count"] for row in rows if row["outcome"] == "accepted") == total


def test_killed_worker_loses_only_requests_in_flight(
    portal: Portal, bearer: str, tmp_path: Path
) -> None:
    ports = [free_port(), free_port()]
    with ExitStack() as receivers, repository_nginx(tmp_path, ports) as proxy:
        first, _ = (start_receiver(receivers, portal, port) for port in ports)
        before = web_workers(first)
        with Service(proxy.url + HERE, bearer, tmp_path / "ca.pem") as service:
            service.wait_for(ports[0])
            for worker in before:
                os.kill(worker, signal.SIGKILL)
            wait_until(lambda: web_workers(first) - before, "No worker was started again.")
            service.wait_for(ports[0])
    # Each sender had one request at most.
    failed = service.statuses.total() - service.statuses[200]
    assert failed <= SENDERS, service.statuses
