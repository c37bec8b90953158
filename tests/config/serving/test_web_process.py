"""A web process lets its event loop run often, collects garbage rarely, serves many connections."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from localazure.serving.server import raise_open_files_limit
from tests.cloud import REPOSITORY
from tests.config.web import serving
from tests.sync.portal import Portal


def test_web_process_switches_threads_often(tmp_path: Path) -> None:
    assert float(_printed(tmp_path, "sys.getswitchinterval()")) < 0.001


def test_web_process_leaves_its_code_out_of_garbage_collections(tmp_path: Path) -> None:
    allocations, frozen = _printed(tmp_path, "gc.get_threshold()[0], gc.get_freeze_count()").split()
    assert int(allocations) >= 10_000
    assert int(frozen) >= 100_000


def _printed(folder: Path, expressions: str) -> str:
    """Return what expressions are in a process that has loaded the web server's application."""
    environment = os.environ | {
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder / 'signalman.sqlite3'}",
        "SIGNALMAN_SECRET_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"import gc, sys, config.asgi; print({expressions})"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_serves_beside_many_idle_connections(tmp_path: Path) -> None:
    # The service may keep a connection for each of its clients.
    raise_open_files_limit()
    with serving(Portal(tmp_path).environment) as address, ExitStack() as opened:
        host, port = urlsplit(address).hostname, urlsplit(address).port
        for _ in range(1_100):
            connection = opened.enter_context(closing(HTTPConnection(str(host), port, timeout=10)))
            connection.request("GET", "/livez")
            assert connection.getresponse().read() == b'{"status": "live"}'
