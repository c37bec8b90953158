"""The web server, as a program of its own, and who calls it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import requests

from tests.cloud import REPOSITORY
from tests.sync.portal import Portal

GRANIAN: Final = str(Path(sys.executable).parent / "granian")
_PATIENCE_SECONDS: Final = 60.0


@contextmanager
def serving(environment: Mapping[str, str], *, workers: int = 1) -> Iterator[str]:
    """Serve until the end of the block, and give the address."""
    port = _free_port()
    command = [GRANIAN, "--interface", "wsgi", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        [*command, "--no-ws", "config.wsgi:application"],
        cwd=REPOSITORY,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def secret_of_an_operator(portal: Portal) -> str:
    """Return the token of somebody who may apply."""
    portal.environment["DJANGO_SUPERUSER_PASSWORD"] = "correct horse"
    portal.manage("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.com")
    made = portal.manage("create_token", "ada", "--scope", "write")
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-1]


def session(secret: str) -> requests.Session:
    """Return a session that sends the token."""
    caller = requests.Session()
    caller.trust_env = False
    caller.headers["Authorization"] = f"Bearer {secret}"
    return caller


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "The server has ended."
        with suppress(requests.ConnectionError):
            if requests.get(f"{address}/livez", timeout=_PATIENCE_SECONDS).ok:
                return
        time.sleep(0.05)
    raise AssertionError("The server does not answer.")
