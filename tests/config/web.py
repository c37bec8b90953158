"""The web server, as a program of its own, and who calls it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

import requests

from examples.demo.processes import free_port, web_server
from tests.cloud import REPOSITORY
from tests.sync.portal import Portal

_PATIENCE_SECONDS: Final = 60.0


@contextmanager
def serving(
    environment: Mapping[str, str],
    *options: str,
    workers: int = 1,
    interface: str = "asgi",
) -> Iterator[str]:
    """Serve with options of granian until the end of the block, and give the address."""
    port = free_port()
    application = f"config.{interface}:application"
    process = subprocess.Popen(
        [*web_server(port, application, workers=workers, interface=interface), *options],
        cwd=REPOSITORY,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_server(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def secret_of_an_operator(portal: Portal) -> str:
    """Return the token of a user who may apply."""
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


def wait_for_server(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "The server has ended."
        with suppress(requests.ConnectionError):
            if requests.get(f"{address}/livez", timeout=_PATIENCE_SECONDS).ok:
                return
        time.sleep(0.05)
    raise AssertionError("The server does not answer.")
