"""Starts workers quickly: forks of one process that has imported Signalman already.

Each line of standard input is a worker's number; its process ID is printed. Apart from the imports
a fork runs the command of the unit. A worker that ends is reaped here.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Final

from django.core.checks import run_checks

from config.celery import app
from tests.deploy.manifests import unit_command
from tests.shape.units import SYSTEMD

# Imported at the first use by a worker, which would take each fork half a second.
LAZY: Final = (
    "azure.identity",
    "azure.mgmt.signalr",
    "azure.mgmt.msi",
    "sync.operations.tasks",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.worker.consumer",
    "celery.concurrency.thread",
    "kombu.transport.redis",
    "psycopg",
)


def preload() -> None:
    """Import what a worker needs, without starting a thread or opening a connection."""
    app.loader.import_default_modules()
    for name in LAZY:
        importlib.import_module(name)
    # A worker runs them too, and they import the rest.
    run_checks()
    # A collection in a fork would copy the pages of all that it shares.
    gc.collect()
    gc.freeze()


def run_worker(number: str, log: Path) -> None:
    """Become that worker; this does not return."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, target)
    celery = importlib.import_module("celery.bin.celery")
    sys.argv = unit_command(SYSTEMD / "signalman-worker@.service", number)
    sys.exit(celery.main())


def main(folder: Path) -> None:
    """Fork a worker for each line."""
    preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)  # noqa: T201
    while number := sys.stdin.readline().strip():
        pid = os.fork()
        if not pid:
            run_worker(number, folder / f"worker-{number}.log")
        print(pid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
