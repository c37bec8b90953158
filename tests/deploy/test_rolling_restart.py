"""Receivers behind nginx are restarted in turn, and no upstream request fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from examples.demo.processes import free_port, port_is_free
from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.deploy.manifests import DEPLOY, unit_command, unit_environment
from tests.deploy.test_processes import Shape, wait_until_ready
from tests.sync.portal import LOOK_SECONDS, PATIENCE_SECONDS, Portal, new_portal
from tests.upstreams.receiver.conftest import RESOURCE
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call

pytestmark = pytest.mark.slow

UNIT = DEPLOY / "systemd" / "signalman-receiver@.service"
SENDERS = 3


@contextmanager
def nginx(folder: Path, receivers: list[int]) -> Iterator[str]:
    """Run nginx with the configuration of the repository until the end of the block."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    port, plain, nothing = free_port(), free_port(), free_port()
    text = (DEPLOY / "nginx" / "signalman.conf").read_text()
    for name, value in {
        "/etc/nginx/signalman.crt": str(folder / "server.pem"),
        "/etc/nginx/signalman.key": str(folder / "server.pem"),
        "signalman.example.com": "localhost",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "127.0.0.1:8101": f"127.0.0.1:{receivers[0]}",
        "127.0.0.1:8102": f"127.0.0.1:{receivers[1]}",
        "127.0.0.1:8001": f"127.0.0.1:{nothing}",
        "127.0.0.1:8002": f"127.0.0.1:{nothing}",
    }.items():
        assert name in text
        text = text.replace(name, value)
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\npid {folder}/pid;\n"
        f"error_log {folder}/nginx.log warn;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"add_header X-Served-By $upstream_addr always;\n{folders}{text}}}\n"
    )
    process = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    try:
        wait_until(lambda: not port_is_free(port))
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def wait_until(is_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)


class Service:
    """Sends calls of clients from several threads, and counts the answers."""

    def __init__(self, url: str, bearer: str, authority: Path) -> None:
        self._url = url
        self._headers = dict(sent(bearer))
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
        wait_until(lambda: self.servers[begun:].count(address) >= 10 * SENDERS)

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


def test_no_request_fails_while_receivers_restart(
    local_azure: LocalAzure, portal: Portal, tmp_path: Path
) -> None:
    token = local_azure.post("/_local/tokens", {"principal": seed.CHAT, "resource": RESOURCE})
    shape = Shape(REPOSITORY, dict(portal.environment))
    ports = [free_port(), free_port()]

    def start(stack: ExitStack, port: int) -> None:
        command = unit_command(UNIT, str(port))
        stack.enter_context(shape.running(f"receiver-{port}", command, unit_environment(UNIT)))
        wait_until_ready(port, "receiver")

    with ExitStack() as first, ExitStack() as second, nginx(tmp_path, ports) as url:
        stacks = [first, second]
        for stack, port in zip(stacks, ports, strict=True):
            start(stack, port)
        with Service(url + HERE, token["token"], tmp_path / "ca.pem") as service:
            for stack, port in zip(stacks, ports, strict=True):
                service.wait_for(port)
                # SIGTERM, and wait for the end.
                stack.close()
                start(stack, port)
                service.wait_for(port)
        total = sum(service.statuses.values())
        assert service.statuses == {200: total}
    # Nothing was written before a process was asked to end.
    rows = json.loads(portal.manage("deliveries", "--json").stdout)
    assert sum(row["count"] for row in rows if row["outcome"] == "accepted") == total
