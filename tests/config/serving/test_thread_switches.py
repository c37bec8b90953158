"""Threads of a web process let its event loop run often."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cloud import REPOSITORY

CODE = "import sys, config.asgi; print(sys.getswitchinterval())"


def test_web_process_switches_threads_often(tmp_path: Path) -> None:
    environment = os.environ | {
        "SIGNALMAN_DATA_DIR": str(tmp_path),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{tmp_path / 'signalman.sqlite3'}",
        "SIGNALMAN_SECRET_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert float(done.stdout.splitlines()[-1]) < 0.001
