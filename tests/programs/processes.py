"""Which processes a program has left running."""

from __future__ import annotations

import time
from pathlib import Path

# How long a program gets to end after its parent was killed. Seconds; nobody waits for all of it.
_PATIENCE = 30.0


def running_with(marker: str) -> list[str]:
    """Return the command lines of the live processes whose environment holds `marker`."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended, or is not ours
            if marker.encode() in environment:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def left_running_with(marker: str) -> list[str]:
    """Return what still runs with `marker` in its environment once it had time to end."""
    deadline = time.monotonic() + _PATIENCE
    while (left := running_with(marker)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
