"""Ends a worker whose broker does not respond.

After SIGTERM Celery waits for the tasks that run, and then for the broker: it cancels its consumers
and closes its connections, and each of these waits for a response. A broker that is suspended, or
behind a firewall that drops packets, never sends one. Nothing is lost: the rows of the operations
say what is to be done, and the schedule enqueues it again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.util import _run_finalizers  # type: ignore[attr-defined]
from typing import Final

log = logging.getLogger(__name__)

# How long a worker may wait after its last task, and for the last metrics and traces. Seconds.
IDLE_SECONDS: Final = 10.0
_FINAL_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5


class Shutdown:
    """The end of a worker: `prepare` as it starts, `begin` when it gets SIGTERM.

    A signal's handler cannot start a thread: it may have interrupted the start of another one.
    """

    def __init__(self) -> None:
        self._has_begun: Final = threading.Event()

    def prepare(self) -> None:
        """Start the thread that waits for `begin`."""
        threading.Thread(target=self._run, name="shutdown", daemon=True).start()

    def begin(self) -> None:
        """End this process once no task has run for ten seconds, if it still runs then."""
        self._has_begun.set()

    def _run(self) -> None:
        # Here, because a web server imports this module too.
        from celery.worker.state import active_requests  # noqa: PLC0415

        self._has_begun.wait()
        wait_until_idle(lambda: len(active_requests))
        log.warning(
            "The worker runs no task but still waits for the broker. It ends without waiting."
        )
        # What the end of the process would run: it writes metrics and traces.
        final = threading.Thread(target=_run_finalizers, args=(0,), daemon=True)
        final.start()
        final.join(_FINAL_SECONDS)
        logging.shutdown()
        os._exit(os.EX_OK)


def wait_until_idle(
    is_active: Callable[[], object],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Return once no task has run for IDLE_SECONDS."""
    active_at = clock()
    while clock() - active_at < IDLE_SECONDS:
        pause(_LOOK_SECONDS)
        if is_active():
            active_at = clock()


shutdown: Final = Shutdown()
