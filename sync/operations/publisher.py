"""Publishing of tasks to the broker, with a time limit for the caller."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from celery import current_app

# The longest that a request waits for the broker.
PUBLISH_SECONDS: Final = 1.0


class BrokerTimeout(OSError):
    """The broker did not take the message in time; it may still take it later."""


class Publisher:
    """Publishes tasks from one thread; while that thread hangs, further tasks are refused."""

    def __init__(self, seconds: float = PUBLISH_SECONDS) -> None:
        self._seconds: Final = seconds
        self._lock: Final = threading.Lock()
        self._executor: Final = ThreadPoolExecutor(1, thread_name_prefix="publisher")
        self._last: Future[Any] | None = None
        self._is_late = False

    def __call__(self, task: str, arguments: list[str], **options: Any) -> None:
        """Publish a task. Raises BrokerTimeout, KombuError and OSError."""
        # Read here: Celery may have no current app in the executor's thread.
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        with self._lock:
            if self._is_late and self._last is not None and not self._last.done():
                raise BrokerTimeout("the broker still does not answer")
            self._is_late = False
            # The context has the trace that the task belongs to.
            run = contextvars.copy_context().run
            sent = self._last = self._executor.submit(
                run, partial(app.send_task, task, arguments, **options)
            )
        try:
            sent.result(self._seconds)
        except TimeoutError:
            if sent.done():
                raise
            self._is_late = True
            raise BrokerTimeout(f"the broker did not answer in {self._seconds:g} s") from None


publish: Final = Publisher()
