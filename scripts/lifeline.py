"""Runs a command that never outlives the process it belongs to, however that process ends.

    python lifeline.py PID COMMAND...    runs COMMAND; ends it, and all it started, once PID, its
                                         parent, is gone

A SIGKILL gives a parent no chance to stop its children, so the child's side has to watch. Standard
library only: the set-up uses it before anything is installed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

# How often the owner is looked for, and how long a command may take to end on request. Seconds.
_WATCH: Final = 0.3
_GRACE: Final = 8.0


def bound_to(owner: int, command: list[str]) -> list[str]:
    """Return `command` wrapped so that it ends with the process `owner`, which has to start it."""
    return [sys.executable, __file__, str(owner), *command]


def exit_when_orphaned() -> None:
    """End this process as if by SIGTERM once its parent is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(_WATCH)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child's whole process group: politely, then for certain."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def main(owner: int, command: list[str]) -> int:
    """Run `command` in a session of its own until it ends or `owner` is gone."""
    # Out of the owner's group: what kills all of that must leave somebody to clean up.
    os.setsid()
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    child = subprocess.Popen(command, start_new_session=True)
    while not stopping.is_set() and os.getppid() == owner:
        try:
            code = child.wait(_WATCH)
        except subprocess.TimeoutExpired:
            continue
        _end_group(child)
        return code
    _end_group(child)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
