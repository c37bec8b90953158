"""The time limit of reading bodies: one timer for all requests of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

# How much later than its time limit a coroutine may be cancelled.
_RESOLUTION: Final = 0.05


class Deadlines:
    """Cancels coroutines that take too long.

    `asyncio.timeout` does the same with a timer for each coroutine, which takes several
    microseconds of every request. Not safe to use from several threads.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, coroutine: Coroutine[Any, Any, Value], seconds: float) -> Value:
        """Return what the coroutine returns; raise TimeoutError where it takes too long.

        The current task may wait for one coroutine at a time.
        """
        task = asyncio.current_task()
        if task is None:
            coroutine.close()
            raise RuntimeError("A time limit needs a task.")
        self._start(task, seconds)
        try:
            return await coroutine
        except asyncio.CancelledError:
            # As in asyncio.timeout: the server may have cancelled the task as well.
            if task in self._expired and not task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._ends.pop(task, None)
            self._expired.discard(task)

    def _start(self, task: asyncio.Task[Any], seconds: float) -> None:
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
