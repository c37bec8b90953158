"""The set-up ends with what was asked for, whatever stopped the one before."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree whose requirements are one small package, pinned as ours is."""
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
    """Let the set-up end well, and return what it printed."""
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed


def has_msgpack(tree: Path) -> bool:
    """Return whether what was asked for can be imported."""
    command = [str(tree / ".venv" / "bin" / "python"), "-c", "import msgpack"]
    return subprocess.run(command, check=False).returncode == 0


def test_doing_it_again_does_nothing(tree: Path) -> None:
    assert "Setting up" in finish(set_up(tree))
    assert has_msgpack(tree)
    assert finish(set_up(tree)) == ""


def test_who_has_everything_needs_no_less(tree: Path) -> None:
    finish(set_up(tree, "requirements-dev.txt"))
    assert finish(set_up(tree, "requirements.txt")) == ""


@pytest.mark.parametrize("made", ["nothing", "half of it", "all but the last word"])
def test_one_that_was_killed_is_begun_anew(tree: Path, made: str) -> None:
    with set_up(tree) as first:
        assert first.stdout is not None
        first.stdout.readline()
        marker = tree / ".venv.interrupted"
        while not (made == "nothing" or marker.exists()):
            pass
        while made == "all but the last word" and not (tree / ".venv" / "bin" / "pip").exists():
            pass
        first.kill()
    assert "Setting up" in finish(set_up(tree))
    assert has_msgpack(tree)
    assert not marker.exists()
