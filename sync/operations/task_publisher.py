"""Publishing of tasks to the broker, with a time limit for the caller."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, Final

from celery import current_app

# The longest that a request waits for the broker.
PUBLISH_SECONDS: Final = 1.0

# At once, for a connection that has been lost; the schedule repeats what fails.
_RETRY_POLICY: Final = {"max_retries": 1, "interval_start": 0}

_Job = tuple[Future[None], Callable[[], object]]


class BrokerTimeout(OSError):
    """The broker did not take the message in time; it may still take it later."""


class Publisher:
    """Publishes tasks from one thread; while that thread hangs, further tasks are refused.

    The thread does not keep the process alive: what a broker has not taken when the process ends is
    enqueued again by the schedule.
    """

    def __init__(self, seconds: float = PUBLISH_SECONDS) -> None:
        self._seconds: Final = seconds
        self._lock: Final = threading.Lock()
        self._jobs: Final[SimpleQueue[_Job]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: Future[None] | None = None
        self._is_late = False

    def __call__(self, task: str, arguments: list[str], **options: Any) -> None:
        """Publish a task. Raises BrokerTimeout, or what the broker's client raises."""
        # Read here: Celery may have no current app in the publisher's thread.
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        with self._lock:
            if self._is_late and self._last is not None and not self._last.done():
                raise BrokerTimeout("the broker still does not respond")
            self._is_late = False
            sent = self._submit(
                partial(app.send_task, task, arguments, retry_policy=_RETRY_POLICY, **options)
            )
        try:
            sent.result(self._seconds)
        except TimeoutError:
            if sent.done():
                raise
            self._is_late = True
            raise BrokerTimeout(f"the broker did not respond in {self._seconds:g} s") from None

    def _submit(self, work: Callable[[], object]) -> Future[None]:
        # A fork leaves its child the object without the thread.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
            self._thread.start()
        self._last = sent = Future[None]()
        # The context has the trace that the task belongs to.
        self._jobs.put((sent, partial(contextvars.copy_context().run, work)))
        return sent

    def _run(self) -> None:
        while True:
            sent, work = self._jobs.get()
            try:
                work()
            # Raised to the caller, whatever it is.
            except BaseException as error:  # noqa: BLE001
                sent.set_exception(error)
            else:
                sent.set_result(None)


publish: Final = Publisher()
