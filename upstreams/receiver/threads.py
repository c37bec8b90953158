"""Threads that answer requests for an event loop."""

from __future__ import annotations

import threading
import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

# How many times as long as a tiring call took of the processor a thread rests after it: such calls
# have at most a twentieth of one processor. Never longer than so many seconds.
_REST: Final = 19
_LONGEST_REST: Final = 0.05


class Threads(Generic[Value]):
    """So many threads, each of which makes one call at a time.

    The loop's own executor would do, but each of its calls takes two futures, a lock and a
    condition, which cost as much as half of receiving.

    `is_tiring` says of what a call returned whether its thread rests afterwards, for as long as
    gives other threads nearly all of the time.
    """

    def __init__(
        self,
        number: int,
        *,
        is_tiring: Callable[[Value], bool] = lambda _value: False,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._number: Final = number
        self._is_tiring: Final = is_tiring
        self._rest: Final = rest
        self._calls: Final[
            SimpleQueue[tuple[AbstractEventLoop, Future[Value], Callable[[], Value]]]
        ] = SimpleQueue()
        self._have_begun = False

    @property
    def waiting(self) -> int:
        """How many calls no thread has begun yet."""
        return self._calls.qsize()

    async def run(self, call: Callable[[], Value]) -> Value:
        """Return what `call` returns in one of the threads, or raise what it raises.

        Raises RuntimeError in the place of what is no Exception, such as SystemExit.
        """
        if not self._have_begun:
            self._begin()
        loop = get_running_loop()
        done: Future[Value] = loop.create_future()
        self._calls.put((loop, done, call))
        return await done

    def _begin(self) -> None:
        # Not sooner: a process that is forked has none of its parent's threads.
        self._have_begun = True
        for number in range(self._number):
            threading.Thread(target=self._work, name=f"receiver-{number}", daemon=True).start()

    def _work(self) -> None:
        while True:
            loop, done, call = self._calls.get()
            began = time.thread_time()
            try:
                value = call()
            except BaseException as error:  # noqa: BLE001  # whoever waits for it raises it
                loop.call_soon_threadsafe(_fail, done, _without_exit(error))
            else:
                loop.call_soon_threadsafe(_resolve, done, value)
                if self._is_tiring(value):
                    self._rest(min(_REST * (time.thread_time() - began), _LONGEST_REST))


def _without_exit(error: BaseException) -> Exception:
    # SystemExit would end the loop, and with it the server.
    if isinstance(error, Exception):
        return error
    raised = RuntimeError(f"A call raised {error!r}.")
    raised.__cause__ = error
    return raised


def _resolve(done: Future[Value], value: Value) -> None:
    if not done.done():
        done.set_result(value)


def _fail(done: Future[Value], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
