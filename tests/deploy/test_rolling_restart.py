"""Receivers and portals behind nginx are restarted or killed: which requests fail, counted."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from examples.demo.processes import free_port
from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.config.serving.test_parent_process import web_workers
from tests.deploy.manifests import DEPLOY, unit_command, unit_environment
from tests.deploy.proxy import Proxy, repository_nginx
from tests.deploy.test_processes import Shape, wait_until_ready
from tests.sync.portal import Portal, new_portal
from tests.upstreams.receiver.conftest import RESOURCE
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from tests.waits import wait_until

pytestmark = pytest.mark.slow

SENDERS = 3


class Senders:
    """Send a POST request again and again from several threads, and count the answers."""

    def __init__(self, url: str, headers: Mapping[str, str], body: bytes, authority: Path) -> None:
        self._url = url
        self._body = body
        # A connection for each request: one that is kept may be closed by nginx as it is used.
        self._headers = {**headers, "Connection": "close"}
        self._authority = str(authority)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.statuses: Counter[int | str] = Counter()
        self.servers: list[str] = []
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, server: int) -> None:
        """Wait until some more answers have come from the process on that port."""
        begun = len(self.servers)
        address = f"127.0.0.1:{server}"
        wait_until(
            lambda: self.servers[begun:].count(address) >= 10 * SENDERS,
            "The process does not respond.",
        )

    def _send(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self._authority
            while not self._stop.is_set():
                status: int | str
                try:
                    answer = session.post(self._url, self._body, headers=self._headers, timeout=60)
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
        "SIGNALMAN_API_REQUESTS_A_MINUTE": "1000000",
        "LOGS": str(tmp_path),
    }
    return portal


@pytest.fixture
def upstream(local_azure: LocalAzure) -> dict[str, str]:
    """The headers of a call with a token of the instance's identity."""
    order = {"principal": seed.CHAT, "resource": RESOURCE}
    return dict(sent(local_azure.post("/_local/tokens", order)["token"]))


def start(stack: ExitStack, portal: Portal, role: str, port: int) -> int:
    """Start what the role's unit starts, wait until it is ready, and return its process id."""
    unit = DEPLOY / "systemd" / f"signalman-{role}@.service"
    shape = Shape(REPOSITORY, dict(portal.environment))
    command = unit_command(unit, str(port))
    process = stack.enter_context(shape.running(f"{role}-{port}", command, unit_environment(unit)))
    wait_until_ready(port, role)
    return process.pid


def restart_in_turn(
    portal: Portal,
    role: str,
    senders: Senders,
    proxy: Proxy,
    processes: Mapping[int, ExitStack],
) -> None:
    """Restart the processes, by port, as docs/how-to/deploy/systemd.md says."""
    for port, stack in processes.items():
        senders.wait_for(port)
        proxy.set_down(port, is_down=True)
        # SIGTERM, and wait for the end.
        stack.close()
        start(stack, portal, role, port)
        proxy.set_down(port, is_down=False)
        senders.wait_for(port)


def test_no_request_fails_while_receivers_restart(
    portal: Portal, upstream: dict[str, str], tmp_path: Path
) -> None:
    ports = [free_port(), free_port()]
    with ExitStack() as first, ExitStack() as second, repository_nginx(tmp_path, ports) as proxy:
        receivers = dict(zip(ports, (first, second), strict=True))
        for port, stack in receivers.items():
            start(stack, portal, "receiver", port)
        url, authority = proxy.url + HERE, tmp_path / "ca.pem"
        with Senders(url, upstream, json_call(["hi"]), authority) as senders:
            restart_in_turn(portal, "receiver", senders, proxy, receivers)
        total = sum(senders.statuses.values())
        assert senders.statuses == {200: total}
    # Nothing was written before a process was asked to end.
    rows = json.loads(portal.manage("deliveries", "--json").stdout)
    assert sum(row["count"] for row in rows if row["outcome"] == "accepted") == total


def test_no_request_fails_while_portals_restart(portal: Portal, tmp_path: Path) -> None:
    """POST requests, which nginx does not send to another process once they were sent."""
    created = portal.manage("createsuperuser", "--noinput", "--username=ada", "--email=a@b.example")
    assert created.returncode == 0, created.stderr
    secret = portal.manage("create_token", "ada").stdout.strip()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    body = json.dumps({"token": "no token", "instance": seed.CHAT}).encode()
    ports, receivers = [free_port(), free_port()], [free_port(), free_port()]
    with (
        ExitStack() as first,
        ExitStack() as second,
        repository_nginx(tmp_path, receivers, ports) as proxy,
    ):
        portals = dict(zip(ports, (first, second), strict=True))
        for port, stack in portals.items():
            start(stack, portal, "portal", port)
        url, authority = proxy.url + "/api/v1/tokens/inspect/", tmp_path / "ca.pem"
        with Senders(url, headers, body, authority) as senders:
            restart_in_turn(portal, "portal", senders, proxy, portals)
        assert senders.statuses == {200: senders.statuses.total()}


def test_killed_worker_loses_only_requests_in_flight(
    portal: Portal, upstream: dict[str, str], tmp_path: Path
) -> None:
    ports = [free_port(), free_port()]
    with ExitStack() as receivers, repository_nginx(tmp_path, ports) as proxy:
        first, _ = (start(receivers, portal, "receiver", port) for port in ports)
        before = web_workers(first)
        url, authority = proxy.url + HERE, tmp_path / "ca.pem"
        with Senders(url, upstream, json_call(["hi"]), authority) as senders:
            senders.wait_for(ports[0])
            for worker in before:
                os.kill(worker, signal.SIGKILL)
            wait_until(lambda: web_workers(first) - before, "No worker was started again.")
            senders.wait_for(ports[0])
    # Each sender had one request at most.
    failed = senders.statuses.total() - senders.statuses[200]
    assert failed <= SENDERS, senders.statuses
