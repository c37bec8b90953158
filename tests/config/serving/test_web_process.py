"""A web process lets its event loop run often, and collects garbage rarely."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cloud import REPOSITORY


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
