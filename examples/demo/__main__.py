"""python -m examples.demo: run the whole chain on this machine. ONCE=1 exits at the end.

Exits 0 if every step passed, otherwise 1, naming the step that failed.
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
from examples.demo.chain import LAB, Chain
from examples.demo.output import StepFailed, check, console, say, step
from examples.demo.processes import CELERY, PYTHON, ROOT, Programs, free_port, web_server
from scripts.lifeline import exit_when_orphaned

# All files of the demo; emptied at its start.
FOLDER: Final = Path(os.environ.get("SIGNALMAN_DEMO_FOLDER", ROOT / "var" / "demo")).absolute()
LOGIN: Final = "admin"


class Stopped(Exception):
    """The user stopped the demo."""


def main() -> int:
    """Run the demo and return its exit code."""
    stop = threading.Event()
    _stop_on_signals(stop)
    exit_when_orphaned()
    try:
        with _alone():
            _run(once=os.environ.get("ONCE", "") not in {"", "0"}, stop=stop)
    except StepFailed as failure:
        console.print(f"\n[bold red]The demo failed.[/] {failure}", markup=True)
        console.print(f"Logs are in {FOLDER}.")
        return 1
    except Stopped:
        console.print("\nStopped. No program is left running.")
    return 0


def _stop_on_signals(stop: threading.Event) -> None:
    """Raise Stopped on the first SIGINT, SIGTERM or SIGHUP; ignore later ones."""

    def raise_once(_signal: int, _frame: object) -> None:
        if not stop.is_set():
            stop.set()
            raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_once)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Lock the demo's folder and empty it. The lock ends with the process."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepFailed(f"A demo is already running in {FOLDER}. Stop it first.") from None
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        yield


def _run(*, once: bool, stop: threading.Event) -> None:
    """Start the programs, run the steps, and wait until stopped unless `once`."""
    port, azure_port, client_port = free_port(8000), free_port(), free_port()
    portal = f"http://localhost:{port}"
    password = secrets.token_urlsafe(12)
    with Programs(FOLDER, _environment(password, port)) as programs:
        azure = _start_local_azure(programs, azure_port, client_port)
        _start_signalman(programs, port)
        Chain(programs, azure, portal).run()
        console.print("\n[bold green]Every step passed.[/]")
        if not once:
            console.print(f"\n  Chat     {portal}/chat/ (open it in two windows)")
            console.print(f"  Portal   {portal}/admin/")
            console.print(f"  Login    {LOGIN}   {password}", markup=False)
            console.print("           or with Microsoft, as one of Local Azure's users")
            console.print(f"  Azure    {azure.url} (Local Azure)\n\nPress Ctrl-C to stop.")
            stop.wait()


def _environment(password: str, port: int) -> dict[str, str]:
    return {
        "SIGNALMAN_SECRET_KEY": secrets.token_urlsafe(48),
        "SIGNALMAN_DATA_DIR": str(FOLDER),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{FOLDER / 'signalman.sqlite3'}",
        "SIGNALMAN_APPS": "examples.chat",
        "SIGNALMAN_RECEIVER_HOSTS": f"localhost:{port}",
        "SIGNALMAN_DEFAULT_INSTANCE": LAB,
        "SIGNALMAN_SCHEDULE_SECONDS": "1",
        "SIGNALMAN_POLL_SECONDS": "1",
        "DJANGO_SUPERUSER_PASSWORD": password,
        "PYTHONUNBUFFERED": "1",
    }


def _start_local_azure(programs: Programs, port: int, client_port: int) -> LocalAzure:
    """Start Local Azure, and add its environment to later programs."""
    ca_file = FOLDER / "ca.pem"
    options = ["--port", str(port), "--ca-file", str(ca_file), "--client-port", str(client_port)]
    with step("Start Local Azure"):
        programs.start("localazure", [PYTHON, "-m", "localazure", *options])
        programs.wait_for_line("localazure", "Local Azure ready at")
        printed = programs.run(PYTHON, "-m", "localazure", "env", *options)
        check(printed.returncode == 0, printed.stderr)
        exports = _exports(printed.stdout)
        programs.environment |= exports
        say(f"https://localhost:{port}: Entra, Resource Manager and the SignalR service, over TLS")
        say(f"http://localhost:{client_port}: SignalR clients, without TLS for browsers")
    return LocalAzure(f"https://localhost:{port}", str(ca_file), exports)


def _exports(lines: str) -> dict[str, str]:
    """Parse shell lines of the form `export NAME=value`."""
    words = [word for line in lines.splitlines() for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words if "=" in word)


def _start_signalman(programs: Programs, port: int) -> None:
    """Create a database; start the portal and the worker."""
    with step("Start the portal and the worker"):
        for arguments in (
            ["migrate", "--verbosity", "0"],
            ["createsuperuser", "--noinput", "--username", LOGIN, "--email", "admin@localhost"],
        ):
            result = programs.manage(*arguments)
            check(result.returncode == 0, result.stderr)
        programs.start("portal", web_server(port, workers=2))
        programs.wait_for_port("portal", port)
        worker = [CELERY, "--app", "config", "worker", "--beat", "--pool", "threads"]
        programs.start("worker", [*worker, "--concurrency", "4", "--loglevel", "INFO"])
        say(f"http://localhost:{port}")


if __name__ == "__main__":
    sys.exit(main())
