"""The browser tests find their Chromium, or say in one sentence that there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def browser(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script that looks for one."""
    return subprocess.run(
        [sys.executable, "scripts/browser.py"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_one_that_is_named_is_taken() -> None:
    assert browser(SIGNALMAN_CHROMIUM=sys.executable).stdout == f"{sys.executable}\n"


def test_one_on_the_path_is_taken(tmp_path: Path) -> None:
    chromium = tmp_path / "chromium"
    chromium.symlink_to(sys.executable)
    assert browser(SIGNALMAN_CHROMIUM="", PATH=str(tmp_path)).stdout == f"{chromium}\n"


def test_one_that_is_named_and_is_not_there_is_missed(tmp_path: Path) -> None:
    outcome = browser(SIGNALMAN_CHROMIUM=str(tmp_path / "chromium"))
    assert outcome.returncode == 1
    assert "is no program" in outcome.stderr
    assert outcome.stdout == ""
