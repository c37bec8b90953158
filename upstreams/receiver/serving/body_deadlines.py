"""The time limit of reading bodies: one timer for all requests of an event loop."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Final

# How much later than its time limit a block may be cancelled.
_RESOLUTION: Final = 0.05


class Deadlines:
    """The blocks of an event loop that have a time limit. Not safe to use from several threads."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self, task: asyncio.Task[Any], seconds: float) -> None:
        """Cancel the task in `seconds`, unless its block has ended by then."""
        loop = task.get_loop()
        if loop is not self._loop:
            # The timer of a loop that has ended is never called.
            self._loop, self._timer = loop, None
            self._ends.clear()
        end = loop.time() + seconds
        self._ends[task] = end
        if self._timer is None:
            self._timer = loop.call_at(end, self._expire, loop)
        elif end + _RESOLUTION < self._timer.when():
            self._timer.cancel()
            self._timer = loop.call_at(end, self._expire, loop)

    def end(self, task: asyncio.Task[Any]) -> bool:
        """Note the end of the task's block; return whether it took too long."""
        if self._ends.pop(task, None) is not None:
            return False
        is_expired = task in self._expired
        self._expired.discard(task)
        return is_expired

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task in [task for task, end in self._ends.items() if end <= now]:
            del self._ends[task]
            self._expired.add(task)
            task.cancel()
        if self._ends:
            next_end = max(min(self._ends.values()), now + _RESOLUTION)
            self._timer = loop.call_at(next_end, self._expire, loop)
        else:
            self._timer = None


class TimeLimit:
    """A block of the current task that is cancelled, with TimeoutError, where it takes too long.

    `asyncio.timeout` does the same with a timer for each block, which takes several microseconds of
    every request. A task can be in one block at a time.
    """

    __slots__ = ("_deadlines", "_seconds", "_task")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self._seconds = seconds

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A time limit needs a task.")
        self._task = task
        self._deadlines.start(task, self._seconds)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if not self._deadlines.end(self._task) or kind is None:
            return
        # As in asyncio.timeout: the server may have cancelled the task as well.
        if issubclass(kind, asyncio.CancelledError) and not self._task.uncancel():
            raise TimeoutError from None
