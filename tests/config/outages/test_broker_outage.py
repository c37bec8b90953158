"""A broker that accepts connections and never answers holds nothing up: the rows have the work."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
import requests

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.config.web import secret_of_an_operator, serving, session
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import UNSIGNED
from tests.waits import LOOK_SECONDS, PATIENCE_SECONDS

pytestmark = pytest.mark.slow

BROKERS: Final = ("redis://{address}/0", "amqp://signalman:secret@{address}//")
NAMES: Final = (seed.LAB, seed.PAYMENTS, seed.CHAT, seed.ORDERS)
# Generous: a page of a hanging process would never come.
ANSWER_SECONDS: Final = 60
# Kubernetes waits half a minute before it kills; this machine may be busy.
END_SECONDS: Final = 60


class SilentServer:
    """Accepts connections, by its backlog, and never answers."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def wait_for_client(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            assert selector.select(PATIENCE_SECONDS), "No client connects."


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    with server.listener:
        yield server


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    """A portal with four instances, each with a change to apply."""
    portal = new_portal(tmp_path, seed.LAB)
    document = tmp_path / "templates.json"
    document.write_text(json.dumps([UNSIGNED]))
    for name in NAMES:
        portal.manage("set_policy", name, "manage")
        outcome = portal.manage("set_upstream", name, str(document))
        assert outcome.returncode == 0, outcome.stderr
    return portal


def apply(address: str, caller: requests.Session, name: str) -> requests.Response:
    """Apply the instance's plan."""
    resource = f"{address}/api/v1/instances/{name}"
    plan = caller.get(f"{resource}/plan/", timeout=ANSWER_SECONDS).json()
    return caller.post(
        f"{resource}/apply/",
        json={"digest": plan["digest"], "confirm_destructive": True},
        timeout=ANSWER_SECONDS,
    )


@pytest.mark.parametrize("broker", BROKERS, ids=["redis", "amqp"])
def test_applies_start_while_broker_is_silent(
    portal: Portal, silent: SilentServer, broker: str
) -> None:
    secret = secret_of_an_operator(portal)
    before = portal.environment["SIGNALMAN_BROKER_URL"]
    portal.environment["SIGNALMAN_BROKER_URL"] = broker.format(address=silent.address)
    # The end of the block asserts that SIGTERM ends the process.
    with (
        serving(portal.environment) as address,
        session(secret) as caller,
        ThreadPoolExecutor(len(NAMES)) as threads,
    ):
        answers = list(threads.map(lambda name: apply(address, caller, name), NAMES))
        assert [answer.status_code for answer in answers] == [202] * len(NAMES)
        for path in ("/livez", "/admin/login/", "/api/v1/schema/"):
            assert requests.get(address + path, timeout=ANSWER_SECONDS).ok, path
    assert {each["state"] for each in portal.operations()} == {"queued"}
    portal.environment["SIGNALMAN_BROKER_URL"] = before
    with portal.worker():
        assert {each["state"] for each in portal.wait_until_ended()} == {"succeeded"}


@pytest.mark.parametrize("broker", BROKERS, ids=["redis", "amqp"])
def test_sigterm_ends_worker_while_broker_is_silent(
    tmp_path: Path, silent: SilentServer, broker: str
) -> None:
    portal = Portal(tmp_path)
    portal.manage("migrate")
    environment = portal.environment | {
        "SIGNALMAN_BROKER_URL": broker.format(address=silent.address)
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--beat"],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        silent.wait_for_client()
        # It waits for the greeting of the broker by now, or for that of another connection.
        time.sleep(LOOK_SECONDS)
        worker.send_signal(signal.SIGTERM)
        worker.wait(END_SECONDS)
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
