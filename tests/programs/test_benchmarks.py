"""The benchmark of the whole chain runs, and loses nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cloud import REPOSITORY

_SMALL = ("--connections", "6", "--rates", "30", "--seconds", "2", "--skip-restart", "--no-save")

pytestmark = pytest.mark.slow


def test_messages_from_client_to_client_all_arrive_in_order() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "client_to_client", *_SMALL],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    due, _received, *counts = done.stdout.splitlines()[-1].split()
    assert [due, *counts[:7]] == ["30", "60", "60", "60", "0", "0", "0", "0"]
