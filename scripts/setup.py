"""Makes .venv and installs what is pinned in a requirements file. Doing it again does nothing.

    python3 scripts/setup.py requirements.txt

An installation that was interrupted is begun anew: pip would take a half-copied package for a whole
one. Standard library only.
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
# Beside it, since making .venv anew empties it.
INTERRUPTED: Final = ROOT / ".venv.interrupted"
# Holds all that requirements.txt holds: who has installed it has both.
EVERYTHING: Final = ROOT / "requirements-dev.txt"


def main(requirements: Path) -> None:
    """Bring .venv to what `requirements` says."""
    if sys.version_info < (3, 11):
        sys.exit("Signalman needs Python 3.11 or later: run make with PYTHON=python3.12, say.")
    lifeline.exit_when_orphaned()
    if _is_installed(requirements) or _is_installed(EVERYTHING):
        return
    print(f"Setting up .venv from {requirements.name}: a minute on a fresh machine", flush=True)
    if INTERRUPTED.exists() or not PYTHON.exists():
        _make_venv()
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


def _make_venv() -> None:
    """Make .venv; where Python comes without ensurepip (Debian's does), virtualenv makes it."""
    INTERRUPTED.touch()
    venv = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if importlib.util.find_spec("ensurepip") is None:
        tool = ROOT / "var" / "virtualenv"
        _run([sys.executable, "-m", "pip", "install", "-q", "--target", str(tool), "virtualenv"])
        venv = [sys.executable, str(tool / "bin" / "virtualenv"), "--clear", str(VENV)]
    _run(venv)


def _run(command: list[str]) -> None:
    """Run `command` to its end; end the set-up where it fails."""
    if subprocess.run(lifeline.bound_to(os.getpid(), command), check=False).returncode:
        sys.exit(f"Set-up failed at: {' '.join(command)}")


if __name__ == "__main__":
    main(ROOT / sys.argv[1])
