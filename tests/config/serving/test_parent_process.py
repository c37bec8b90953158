"""A web server and a worker that are killed, in whole or in part: what ends, what continues."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from config import parent_process
from examples.demo.processes import free_port, web_server
from tests.cloud import REPOSITORY, LocalAzure
from tests.config.web import wait_for_server
from tests.sync.portal import Portal, new_portal
from tests.waits import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow


def children(parent: int) -> set[int]:
    """Return the process ids of a process's children."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # After the name in parentheses: the state and the parent.
                rest = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(rest[1]) == parent and rest[0] != "Z":
                    found.add(int(folder.name))
    return found


def web_workers(server: int) -> set[int]:
    """Return the workers of a granian; Python's resource tracker is a child as well."""
    found = set()
    for child in children(server):
        # One that was killed may end meanwhile.
        with suppress(OSError):
            if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes():
                found.add(child)
    return found


def is_running(process: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    return new_portal(tmp_path, "contoso-chat")


@contextmanager
def web(portal: Portal, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the web server with two workers in a group of its own until the end of the block."""
    server = subprocess.Popen(
        web_server(port, workers=2),
        cwd=REPOSITORY,
        env=portal.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_server(f"http://127.0.0.1:{port}", server)
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_replaces_killed_web_worker(portal: Portal) -> None:
    port = free_port()
    with web(portal, port) as server:
        wait_until(lambda: len(web_workers(server.pid)) == 2, "Not both workers started.")
        before = web_workers(server.pid)
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: web_workers(server.pid) - before, "No worker was started again.")
        # The other worker may not have started to listen yet.
        wait_for_server(f"http://127.0.0.1:{port}", server)


def test_web_workers_end_with_killed_server(portal: Portal) -> None:
    port = free_port()
    with web(portal, port) as server:
        wait_until(lambda: len(web_workers(server.pid)) == 2, "Not both workers started.")
        workers = web_workers(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        wait_until(
            lambda: not any(map(is_running, workers)), "A worker continues without its server."
        )
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE_SECONDS)


def test_beat_ends_with_killed_worker(portal: Portal) -> None:
    with portal.worker() as worker:
        wait_until(lambda: children(worker.pid), "Beat did not start.")
        (beat,) = children(worker.pid)
        # The thread that watches the worker is the first that it starts.
        wait_until(
            lambda: sum(1 for _ in Path(f"/proc/{beat}/task").iterdir()) > 1, "Beat does not watch."
        )
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: not is_running(beat), "Beat continues without its worker.")


def test_orphan_that_ignores_sigterm_is_killed() -> None:
    sent = []
    parent_process.watch(-1, lambda _seconds: None, lambda _pid, number: sent.append(number))
    assert sent == [signal.SIGTERM, signal.SIGKILL]
