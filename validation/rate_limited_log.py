"""Log lines that strangers can cause, written so that they cannot fill the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

_LINES: Final = 10
_SECONDS: Final = 60.0


class RateLimitedLog:
    """Writes the first lines of each kind in a minute, and counts the others.

    The next line that is written says how many were not. Kinds are the caller's own and few: each
    is remembered for good.
    """

    def __init__(
        self,
        logger: logging.Logger,
        *,
        lines: int = _LINES,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger: Final = logger
        self._lines: Final = lines
        self._seconds: Final = seconds
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        # By kind: when its minute began, and how many lines there were since.
        self._windows: dict[str, tuple[float, int]] = {}

    def write(self, kind: str, message: str, *args: object) -> None:
        """Log a warning, unless there were enough of its kind."""
        unwritten = self._count(kind)
        if unwritten is None:
            return
        if unwritten:
            message, args = f"{message} (and %d more like it)", (*args, unwritten)
        self._logger.warning(message, *args)

    def forget(self) -> None:
        """Start afresh."""
        with self._lock:
            self._windows.clear()

    def _count(self, kind: str) -> int | None:
        """Return how many lines were left out before this one; None: leave this one out too."""
        now = self._clock()
        with self._lock:
            began, count = self._windows.get(kind, (now, 0))
            if now - began >= self._seconds:
                self._windows[kind] = (now, 1)
                return max(0, count - self._lines)
            self._windows[kind] = (began, count + 1)
        return 0 if count < self._lines else None
