"""Child programs that end with this process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from scripts.lifeline import bound_to

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_BIN: Final = Path(sys.executable).parent
PYTHON: Final = sys.executable
_GRANIAN: Final = str(_BIN / "granian")
CELERY: Final = str(_BIN / "celery")
# How long a program may take to start on a busy machine, and to stop. Seconds.
_START_TIMEOUT: Final = 60.0
_STOP_TIMEOUT: Final = 15.0


class DidNotStart(Exception):
    """A program ended or timed out before it was ready."""


class Programs:
    """Runs programs with one environment, each with its own log in `folder`.

    A context manager that stops them at exit.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self._running: list[subprocess.Popen[bytes]] = []
        self._logs: list[IO[bytes]] = []

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *_exc: object) -> None:
        for program in reversed(self._running):
            program.terminate()
        for program in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(_STOP_TIMEOUT)
        for log in self._logs:
            log.close()

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program in the background."""
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        program = subprocess.Popen(
            bound_to(os.getpid(), list(command)),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self._running.append(program)
        return program

    def wait_for_line(self, name: str, text: str) -> None:
        """Wait until the program's log contains `text`. Raises DidNotStart."""
        self._wait(name, lambda: text in self.log(name))

    def wait_for_port(self, name: str, port: int) -> None:
        """Wait until a program listens on localhost at `port`. Raises DidNotStart."""
        self._wait(name, lambda: not port_is_free(port))

    def log(self, name: str) -> str:
        """Return the program's log."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return its output."""
        return subprocess.run(
            bound_to(os.getpid(), list(command)),
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def manage(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return self.run(PYTHON, "manage.py", *arguments, stdin=stdin)

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        program = self._running[-1]
        deadline = time.monotonic() + _START_TIMEOUT
        while not is_ready():
            if program.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log(name).splitlines()[-15:])
                raise DidNotStart(f"{name} did not start. Its log ends:\n{tail}")
            time.sleep(0.05)


def web_server(
    port: int,
    application: str = "config.asgi:application",
    *,
    workers: int,
    interface: str = "asgi",
) -> list[str]:
    """Return the command that serves an application (Signalman by default) on a local port.

    The options are those of docs/reference/receiver.md.
    """
    return [
        _GRANIAN, "--interface", interface, "--http", "1", "--no-ws", "--workers", str(workers),
        "--respawn-failed-workers", "--workers-kill-timeout", "30",
        # The service may open a connection for each client; granian's default is 512 in a worker.
        "--backlog", "4096", "--backpressure", "2048",
        "--host", "127.0.0.1", "--port", str(port), application,
    ]  # fmt: skip


def port_is_free(port: int) -> bool:
    """Return whether nothing listens on localhost at `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port(preferred: int = 0) -> int:
    """Return `preferred` if it is free, otherwise any free port."""
    if preferred and port_is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
