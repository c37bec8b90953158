"""Create .venv and install a requirements file. Does nothing if that is done.

    python3 scripts/setup.py requirements.txt

An interrupted installation starts again from an empty .venv, because pip takes a partly copied
package for an installed one. Standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import lifeline

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
# Next to .venv, which is emptied.
INTERRUPTED: Final = ROOT / ".venv.interrupted"
# Contains all of requirements.txt.
EVERYTHING: Final = ROOT / "requirements-dev.txt"


def main(requirements: Path) -> None:
    """Install `requirements` into .venv."""
    if sys.version_info < (3, 11):
        sys.exit(
            "Signalman needs Python 3.11 or later: run make with, for example, PYTHON=python3.12."
        )
    lifeline.exit_when_orphaned()
    if _is_installed(requirements) or _is_installed(EVERYTHING):
        return
    print(f"Setting up .venv from {requirements.name}: a minute on a fresh machine", flush=True)
    if INTERRUPTED.exists() or not PYTHON.exists():
        _create_venv()
    INTERRUPTED.touch()
    _run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--require-hashes", "--requirement", str(requirements)]
    )  # fmt: skip
    for old in VENV.glob(f".{requirements.name}.*"):
        old.unlink()
    _stamp(requirements).touch()
    INTERRUPTED.unlink()


def _is_installed(requirements: Path) -> bool:
    return _stamp(requirements).exists() and not INTERRUPTED.exists()


def _stamp(requirements: Path) -> Path:
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    return VENV / f".{requirements.name}.{digest}"


def _create_venv() -> None:
    """Create .venv, with virtualenv if Python has no ensurepip (as on Debian)."""
    INTERRUPTED.touch()
    venv = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if importlib.util.find_spec("ensurepip") is None:
        tool = ROOT / "var" / "virtualenv"
        _run([sys.executable, "-m", "pip", "install", "-q", "--target", str(tool), "virtualenv"])
        venv = [sys.executable, str(tool / "bin" / "virtualenv"), "--clear", str(VENV)]
    _run(venv)


def _run(command: list[str]) -> None:
    """Run `command`; end the set-up if it fails."""
    if subprocess.run(lifeline.bound_to(os.getpid(), command), check=False).returncode:
        sys.exit(f"Set-up failed at: {' '.join(command)}")


if __name__ == "__main__":
    main(ROOT / sys.argv[1])
