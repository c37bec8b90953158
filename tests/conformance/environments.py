"""Environments of real clients, built from the package registries once for a working tree.

Each client has a folder under `var/clients` with an environment of its own, so that their
versions do not conflict with the project's. A complete folder has `.complete` with its packages.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# The environment without the CA of Local Azure, which package registries do not use.
_ENVIRONMENT = dict(os.environ)
_CLIENTS = REPOSITORY / "var" / "clients"


def python_with(
    name: str, requirements: Sequence[str], locked: Path | None = None, version: str = ""
) -> Path:
    """Return the interpreter of an environment that has these packages, built if it is missing.

    `locked` is a file of more requirements; `version` is the Python, by default the tests' own.
    Concurrent tests wait for the one that builds it.
    """
    folder, asked = _CLIENTS / name, "\n".join(requirements)
    packages, interpreter = [*requirements], version or sys.executable
    if locked:
        asked += locked.read_text()
        packages += ["--requirement", str(locked)]
    python, complete = folder / "bin" / "python", folder / ".complete"
    _CLIENTS.mkdir(parents=True, exist_ok=True)
    with (_CLIENTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (complete.exists() and complete.read_text() == asked):
            shutil.rmtree(folder, ignore_errors=True)
            _run("uv", "venv", "--quiet", "--python", interpreter, str(folder))
            _run("uv", "pip", "install", "--quiet", "--python", str(python), *packages)
            complete.write_text(asked)
    return python


def node_with(name: str, packages: Sequence[str]) -> Path:
    """Return a folder whose `node_modules` has these packages of npm."""
    folder, asked = _CLIENTS / name, "\n".join(packages)
    complete = folder / ".complete"
    _CLIENTS.mkdir(parents=True, exist_ok=True)
    with (_CLIENTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (complete.exists() and complete.read_text() == asked):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "package.json").write_text('{"private": true}')
            options = ("--prefix", str(folder), "--no-audit", "--no-fund", "--silent")
            _run("npm", "install", *options, *packages)
            complete.write_text(asked)
    return folder


def _run(program: str, *arguments: str) -> None:
    # uv is a package of the tests' own environment.
    found = shutil.which(program, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    command = [found or program, *arguments]
    # sys.stderr has no descriptor where pytest replaces it.
    subprocess.run(command, check=True, stdout=2, env=_ENVIRONMENT)
