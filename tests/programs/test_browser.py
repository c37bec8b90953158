"""The browser tests find Chromium, or report that it is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def browser(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script that finds Chromium."""
    return subprocess.run(
        [sys.executable, "scripts/browser.py"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_uses_browser_from_environment() -> None:
    assert browser(SIGNALMAN_CHROMIUM=sys.executable).stdout == f"{sys.executable}\n"


def test_finds_browser_on_path(tmp_path: Path) -> None:
    chromium = tmp_path / "chromium"
    chromium.symlink_to(sys.executable)
    assert browser(SIGNALMAN_CHROMIUM="", PATH=str(tmp_path)).stdout == f"{chromium}\n"


def test_refuses_missing_browser_from_environment(tmp_path: Path) -> None:
    outcome = browser(SIGNALMAN_CHROMIUM=str(tmp_path / "chromium"))
    assert outcome.returncode == 1
    assert "is not a program" in outcome.stderr
    assert outcome.stdout == ""
