"""Ends a child process whose parent has ended without stopping it.

A web server that gets SIGKILL cannot stop its workers: they would continue to serve, with the code
and the settings of before, beside the server that replaces it. Celery's embedded beat is a child as
well. A process manager that ends whole groups of processes (a container, systemd's control group)
does the same; this holds wherever the programs are started by hand.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

# Interval of the check, and how long the process may take to end after SIGTERM. Seconds.
_WATCH_SECONDS: Final = 0.5
_GRACE_SECONDS: Final = 30.0


def end_with_parent(parent: int) -> None:
    """End this process within a second after the process `parent`: SIGTERM, later SIGKILL."""
    threading.Thread(target=watch, args=(parent,), name="parent", daemon=True).start()


def watch(
    parent: int,
    pause: Callable[[float], None] = time.sleep,
    kill: Callable[[int, int], None] = os.kill,
) -> None:
    """Wait until the parent has ended, then end this process."""
    while os.getppid() == parent:
        pause(_WATCH_SECONDS)
    kill(os.getpid(), signal.SIGTERM)
    pause(_GRACE_SECONDS)
    kill(os.getpid(), signal.SIGKILL)
