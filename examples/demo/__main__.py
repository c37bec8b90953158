"""python -m examples.demo: the whole chain on this machine. ONCE=1: run it and exit.

Exits 0 if every step held, else 1, naming the step.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from examples.demo.azure import LocalAzure
from examples.demo.chain import Chain
from examples.demo.narration import StepFailed, console, hold, say, step
from examples.demo.processes import CELERY, PYTHON, ROOT, Programs, free_port, web_server
from scripts.lifeline import exit_when_orphaned

# Everything the demo makes; emptied at its start.
FOLDER: Final = Path(os.environ.get("SIGNALMAN_DEMO_FOLDER", ROOT / "var" / "demo")).absolute()
LOGIN: Final = "admin"


class Stopped(Exception):
    """Somebody asked the demo to end."""


def main() -> int:
    """Run the demo and return its exit code."""
    stop = threading.Event()
    _stop_on_signals(stop)
    exit_when_orphaned()
    try:
        with _alone():
            _run(once=os.environ.get("ONCE", "") not in {"", "0"}, stop=stop)
    except StepFailed as failure:
        console.print(f"\n[bold red]This step did not hold.[/] {failure}", markup=True)
        console.print(f"The programs' logs are in {FOLDER}.")
        return 1
    except Stopped:
        console.print("\nStopped; nothing is left running.")
    return 0


def _stop_on_signals(stop: threading.Event) -> None:
    """Turn the first SIGINT or SIGTERM into Stopped; the ones after it do nothing more."""

    def raise_once(_signal: int, _frame: object) -> None:
        if not stop.is_set():
            stop.set()
            raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_once)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the demo's folder, new and empty; the lock goes with the process, however that ends."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepFailed("A demo is already running in this folder: end it first.") from None
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        yield


def _run(*, once: bool, stop: threading.Event) -> None:
    """Start everything, take the steps, and stay until stopped unless `once`."""
    port, azure_port = free_port(8000), free_port()
    portal = f"http://localhost:{port}"
    password = secrets.token_urlsafe(12)
    with Programs(FOLDER, _environment(password)) as programs:
        azure = _start_local_azure(programs, azure_port)
        _start_signalman(programs, port)
        Chain(programs, azure, portal).run()
        console.print("\n[bold green]Every step held.[/]")
        if not once:
            console.print(f"\n  Portal   {portal}/admin/")
            console.print(f"  Login    {LOGIN}   {password}", markup=False)
            console.print("           or with Microsoft, as one of Local Azure's people")
            console.print(f"  Azure    {azure.url} (Local Azure)\n\nCtrl-C ends everything.")
            stop.wait()


def _environment(password: str) -> dict[str, str]:
    return {
        "SIGNALMAN_SECRET_KEY": secrets.token_urlsafe(48),
        "SIGNALMAN_DATA_DIR": str(FOLDER),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{FOLDER / 'signalman.sqlite3'}",
        "SIGNALMAN_APPS": "examples.chat",
        "SIGNALMAN_TICK_SECONDS": "1",
        "SIGNALMAN_POLL_SECONDS": "1",
        "DJANGO_SUPERUSER_PASSWORD": password,
        "PYTHONUNBUFFERED": "1",
    }


def _start_local_azure(programs: Programs, port: int) -> LocalAzure:
    """Start Local Azure and point every program that follows at it."""
    ca_file = FOLDER / "ca.pem"
    options = ["--port", str(port), "--ca-file", str(ca_file)]
    with step("Start Local Azure"):
        programs.start("localazure", [PYTHON, "-m", "localazure", *options])
        programs.wait_for_line("localazure", "Local Azure ready at")
        printed = programs.run(PYTHON, "-m", "localazure", "env", *options)
        hold(printed.returncode == 0, printed.stderr)
        exports = _exports(printed.stdout)
        programs.environment |= exports
        say(f"https://localhost:{port}: Entra, Resource Manager and the SignalR runtime, over TLS")
    return LocalAzure(f"https://localhost:{port}", str(ca_file), exports)


def _exports(lines: str) -> dict[str, str]:
    """Read `export NAME=value` lines, quoted for a shell."""
    words = [word for line in lines.splitlines() for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words if "=" in word)


def _start_signalman(programs: Programs, port: int) -> None:
    """Start the portal and the worker on a new database."""
    with step("Start the portal and the worker"):
        for arguments in (
            ["migrate", "--verbosity", "0"],
            ["createsuperuser", "--noinput", "--username", LOGIN, "--email", "admin@localhost"],
        ):
            result = programs.manage(*arguments)
            hold(result.returncode == 0, result.stderr)
        programs.start("portal", web_server(port, workers=2))
        programs.wait_for_port("portal", port)
        worker = [CELERY, "--app", "config", "worker", "--beat", "--pool", "threads"]
        programs.start("worker", [*worker, "--concurrency", "4", "--loglevel", "INFO"])
        say(f"http://localhost:{port}")


if __name__ == "__main__":
    sys.exit(main())
