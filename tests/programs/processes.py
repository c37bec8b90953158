"""Processes that a program left running."""

from __future__ import annotations

import time
from pathlib import Path

# Time limit for a program to end after its parent was killed. Seconds.
_TIMEOUT = 30.0


def running_with(marker: str) -> list[str]:
    """Return the command lines of running processes with `marker` in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue  # It has ended, or belongs to another user.
            if marker.encode() in environment:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def left_running_with(marker: str) -> list[str]:
    """Return what still runs with `marker` in its environment after the time limit."""
    deadline = time.monotonic() + _TIMEOUT
    while (left := running_with(marker)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
