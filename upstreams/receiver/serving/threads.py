"""Threads that answer requests for an event loop."""

from __future__ import annotations

import threading
import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

# Seconds after which a thread is taken for one that waits, and a call has waited for too long.
PATIENCE: Final = 0.01
# How many times as long as a tiring call took of the processor a thread rests after it: such calls
# have at most an eightieth of one processor. Never longer than so many seconds.
_REST: Final = 79
_LONGEST_REST: Final = 0.05
_SINCE: Final = 3


# What a sleeping thread waits for.
_Bell = SimpleQueue[None]
# Who waits, what for, and since when by the monotonic clock. A plain tuple: each call makes one.
_Call = tuple[AbstractEventLoop, "Future[Value]", Callable[[], Value], float]


class Threads(Generic[Value]):
    """Up to so many threads, each of which makes one call at a time.

    As long as calls wait for nothing but the processor one thread makes them all: more would only
    take the interpreter's lock from each other, which costs a fifth with four of them. Another one
    takes calls where each that does is at the same call for `patience` seconds already, and where a
    call has waited for as long.

    The loop's own executor would do, but each of its calls takes two futures, a lock and a
    condition, which cost as much as half of receiving.

    `is_tiring` says of what a call returned whether its thread rests afterwards, for as long as
    gives other threads nearly all of the time.
    """

    def __init__(
        self,
        number: int,
        *,
        patience: float = PATIENCE,
        is_tiring: Callable[[Value], bool] | None = None,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._number: Final = number
        self._patience: Final = patience
        self._is_tiring: Final = is_tiring
        self._rest: Final = rest
        self._calls: Final[deque[_Call[Value]]] = deque()
        # The bells of the threads that sleep. The last to fall asleep is woken first: what it needs
        # is still in the processor's caches.
        self._asleep: Final[list[_Bell]] = []
        # Of the others: since when each is at its call, by the monotonic clock.
        self._at_work: Final[dict[_Bell, float]] = {}
        # Guards both: no thread falls asleep as a call comes.
        self._lock: Final = threading.Lock()
        self._have_begun = False
        self._is_watched = False

    @property
    def waiting(self) -> int:
        """How many calls no thread has begun yet."""
        return len(self._calls)

    async def run(self, make: Callable[[], Value]) -> Value:
        """Return what `make` returns in one of the threads, or raise what it raises.

        Raises RuntimeError in the place of what is no Exception, such as SystemExit.
        """
        if not self._have_begun:
            self._begin()
        loop = get_running_loop()
        done: Future[Value] = loop.create_future()
        now = time.monotonic()
        self._calls.append((loop, done, make, now))
        with self._lock:
            if not self._is_taken_care_of(now):
                self._wake_one(now)
        if self._number > 1 and not self._is_watched:
            self._watch_again(loop)
        return await done

    def _begin(self) -> None:
        # Not sooner: a process that is forked has none of its parent's threads.
        self._have_begun = True
        for number in range(self._number):
            bell: _Bell = SimpleQueue()
            self._asleep.append(bell)
            threading.Thread(
                target=self._work, args=(bell,), name=f"receiver-{number}", daemon=True
            ).start()

    def _wake_one(self, now: float) -> None:
        if self._asleep:
            bell = self._asleep.pop()
            self._at_work[bell] = now
            bell.put(None)

    def _is_taken_care_of(self, now: float, by_others_than: _Bell | None = None) -> bool:
        """Say whether a thread takes calls that does not wait for something itself."""
        for bell, began in self._at_work.items():
            if now - began < self._patience and bell is not by_others_than:
                return True
        return False

    def _watch_again(self, loop: AbstractEventLoop) -> None:
        self._is_watched = True
        loop.call_later(self._patience, self._watch, loop)

    def _watch(self, loop: AbstractEventLoop) -> None:
        self._is_watched = False
        with self._lock:
            if not self._calls:
                return
            now = time.monotonic()
            if self._has_waited(now):
                self._wake_one(now)
        self._watch_again(loop)

    def _has_waited(self, now: float) -> bool:
        return now - self._calls[0][_SINCE] >= self._patience

    def _work(self, bell: _Bell) -> None:
        while True:
            bell.get()
            while (call := self._next(bell)) is not None:
                self._make(call)

    def _next(self, bell: _Bell) -> _Call[Value] | None:
        with self._lock:
            now = time.monotonic()
            if self._calls and (self._has_waited(now) or not self._is_taken_care_of(now, bell)):
                self._at_work[bell] = now
                return self._calls.popleft()
            del self._at_work[bell]
            self._asleep.append(bell)
            return None

    def _make(self, call: _Call[Value]) -> None:
        loop, done, make, _ = call
        began = time.thread_time() if self._is_tiring else 0.0
        try:
            value = make()
        except BaseException as error:  # noqa: BLE001  # whoever waits for it raises it
            loop.call_soon_threadsafe(_fail, done, _without_exit(error))
            return
        loop.call_soon_threadsafe(_resolve, done, value)
        if self._is_tiring and self._is_tiring(value):
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
