"""Run a command that ends with the process that started it, however that process ends.

    python lifeline.py PID COMMAND...    runs COMMAND; ends it and its children when its parent,
                                         PID, ends

A parent that gets SIGKILL cannot stop its children, so the child watches the parent. Standard
library only, because the set-up uses it before packages are installed.
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

# Interval of the check, and how long a command may take to end after SIGTERM. Seconds.
_WATCH: Final = 0.3
_GRACE: Final = 8.0


def bound_to(owner: int, command: list[str]) -> list[str]:
    """Return `command`, wrapped to end with the process `owner`, which must start it."""
    return [sys.executable, __file__, str(owner), *command]


def exit_when_orphaned() -> None:
    """Send this process SIGTERM when its parent ends."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(_WATCH)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child's process group: SIGTERM, then SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def main(owner: int, command: list[str]) -> int:
    """Run `command` in a session of its own until it or `owner` ends."""
    # A new group: a signal to the owner's group must not end this process.
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
