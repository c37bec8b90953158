"""What Linux says of a server's processes: their processor time and their memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
# Of /proc/PID/stat, counted from behind the name, which may hold spaces: user and system time.
_TIMES: Final = slice(11, 13)


def processor_seconds(pid: int) -> float:
    """Return what a process and all below it have used so far."""
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2] for one in _tree(pid)]
    return sum(int(ticks) for stat in stats for ticks in stat.split()[_TIMES]) / _TICKS_A_SECOND


def resident_bytes(pid: int) -> list[int]:
    """Return the memory of each process that works: those at the ends of the tree."""
    return [_resident(one) for one in _tree(pid) if not _children(one)]


def most_threads(pid: int) -> int:
    """Return the threads of the process that has the most of those that work."""
    return max(int(_status(one, "Threads:")) for one in _tree(pid) if not _children(one))


def descendants(pid: int) -> list[int]:
    """Return a process and all below it."""
    return list(_tree(pid))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from _tree(child)


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        # A thread may end meanwhile; none that has children does.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            children += map(int, listed.read_text().split())
    return children


def _resident(pid: int) -> int:
    return int(_status(pid, "VmRSS:")) * 1024


def _status(pid: int, field: str) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return line.split()[1]
