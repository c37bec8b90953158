"""Log lines that unauthenticated requests cause, limited so that they cannot fill the log."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from typing import Final

_LINES: Final = 10
_SECONDS: Final = 60.0
_MAX_WAITING: Final = 1_000

_Line = tuple[contextvars.Context, logging.Logger, str, tuple[object, ...]]


class RateLimitedLog:
    """Writes the first lines of each kind in a minute, and counts the others.

    The next line that is written says how many were skipped. Kinds are the caller's own and few:
    each is kept in memory.
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
        skipped = self.admit(kind)
        if skipped is not None:
            self.put(skipped, message, *args)

    def admit(self, kind: str) -> int | None:
        """Count a line; return how many were skipped before it, or None: skip this one too."""
        now = self._clock()
        with self._lock:
            began, count = self._windows.get(kind, (now, 0))
            if now - began >= self._seconds:
                self._windows[kind] = (now, 1)
                return max(0, count - self._lines)
            self._windows[kind] = (began, count + 1)
        return 0 if count < self._lines else None

    def put(self, skipped: int, message: str, *args: object) -> None:
        """Log a warning that was admitted."""
        if skipped:
            message, args = f"{message} (and %d more like it)", (*args, skipped)
        background.write(self._logger, message, args)

    def forget(self) -> None:
        """Count from zero again."""
        with self._lock:
            self._windows.clear()


class Background:
    """Writes lines in a thread once it is started, so that a slow log delays no request."""

    def __init__(self) -> None:
        self._lines: Queue[_Line] = Queue(_MAX_WAITING)
        self._is_running = False

    def start(self) -> None:
        """Start the thread. For servers; elsewhere lines are written by the caller."""
        if not self._is_running:
            self._is_running = True
            threading.Thread(target=self._run, name="log", daemon=True).start()

    def write(self, logger: logging.Logger, message: str, args: tuple[object, ...]) -> None:
        """Write a warning, or drop it where too many wait."""
        if not self._is_running:
            logger.warning(message, *args)
            return
        # The context names the request that the line belongs to.
        with suppress(Full):
            self._lines.put_nowait((contextvars.copy_context(), logger, message, args))

    def _run(self) -> None:
        while True:
            context, logger, message, args = self._lines.get()
            context.run(logger.warning, message, *args)


background: Final = Background()
