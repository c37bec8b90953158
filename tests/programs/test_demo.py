"""`make demo`, as README.md describes it, passes, and leaves no process running."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tests.programs.processes import left_running_with

pytestmark = pytest.mark.slow

KILLS = 3
ROOT = Path(__file__).resolve().parent.parent.parent


def make_demo(folder: Path, once: str) -> subprocess.Popen[str]:
    """Start `make demo` in a folder of its own."""
    return subprocess.Popen(
        ["make", "demo", f"ONCE={once}"],  # noqa: S607
        cwd=ROOT,
        env={**os.environ, "SIGNALMAN_DEMO_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_stops_all_programs(tmp_path: Path) -> None:
    with make_demo(tmp_path / "demo", once="") as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Press Ctrl-C to stop" in line:
                break
        os.killpg(demo.pid, signal.SIGINT)
        demo.communicate()
    assert left_running_with(str(tmp_path)) == []


def test_demo_passes_after_earlier_demos_were_killed(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    for run in range(KILLS):
        lines = random.randint(1, 25)  # noqa: S311
        with make_demo(folder, once="1") as demo:
            assert demo.stdout is not None
            for _ in range(lines):
                demo.stdout.readline()
            demo.kill()
            assert left_running_with(str(tmp_path)) == [], f"killed after {lines} lines, run {run}"
    with make_demo(folder, once="1") as demo:
        printed, _ = demo.communicate()
    assert demo.returncode == 0, printed
    assert "Every step passed." in printed
    assert left_running_with(str(tmp_path)) == []
