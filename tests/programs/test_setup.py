"""The set-up completes after an interrupted one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree with one small package as its requirements."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    pinned = (ROOT / "requirements.txt").read_text().split("\nmsgpack==", 1)[1]
    lines = pinned.split("\n    # via", 1)[0]
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"msgpack=={lines}\n# of {name}\n")
    return tmp_path


def set_up(tree: Path, requirements: str = "requirements.txt") -> subprocess.Popen[str]:
    """Start the set-up."""
    return subprocess.Popen(
        [sys.executable, "scripts/setup.py", requirements],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait until the set-up succeeds, and return its output."""
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed


def has_msgpack(tree: Path) -> bool:
    """Return whether the package can be imported."""
    command = [str(tree / ".venv" / "bin" / "python"), "-c", "import msgpack"]
    return subprocess.run(command, check=False).returncode == 0


def test_second_run_does_nothing(tree: Path) -> None:
    assert "Setting up" in finish(set_up(tree))
    assert has_msgpack(tree)
    assert finish(set_up(tree)) == ""


def test_development_requirements_include_the_others(tree: Path) -> None:
    finish(set_up(tree, "requirements-dev.txt"))
    assert finish(set_up(tree, "requirements.txt")) == ""


@pytest.mark.parametrize("progress", ["none", "started", "almost done"])
def test_killed_run_starts_again(tree: Path, progress: str) -> None:
    with set_up(tree) as first:
        assert first.stdout is not None
        first.stdout.readline()
        marker = tree / ".venv.interrupted"
        while not (progress == "none" or marker.exists()):
            time.sleep(0.01)
        while progress == "almost done" and not (tree / ".venv" / "bin" / "pip").exists():
            time.sleep(0.01)
        first.kill()
    assert "Setting up" in finish(set_up(tree))
    assert has_msgpack(tree)
    assert not marker.exists()
