"""Adds this process's counts to the rows that all processes share."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from observability.azure_and_token_metrics import key_read_times
from observability.counters import Counters, Series, counters
from observability.models import MetricValue

log = logging.getLogger(__name__)

# How long the end of the process waits for the thread.
_JOIN_SECONDS: Final = 5.0


class Publisher:
    """Publishes every few seconds from a thread, and once more when the process ends."""

    def __init__(self, counters: Counters, moments: Callable[[], dict[Series, float]]) -> None:
        self._counters = counters
        self._moments = moments
        self.reset()

    def reset(self) -> None:
        """Have no thread: a forked child has none of its parent's."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._published: dict[Series, float] = {}

    def start(self, **_: Any) -> None:
        """Start the thread unless it runs; also a receiver of Celery's signals."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()
        # Not atexit: a web server's workers are multiprocessing's, whose children do not run it.
        Finalize(None, self.close, exitpriority=0)

    def close(self, **_: Any) -> None:
        """End the thread and publish what is left; also a receiver of Celery's signals."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)
        self.publish()

    def publish(self) -> None:
        """Write the counts. While the database refuses writes, they are kept for the next call."""
        counts = self._counters.take()
        moments = self._moments()
        changed = {each: at for each, at in moments.items() if self._published.get(each) != at}
        try:
            if counts:
                MetricValue.objects.add(counts)
                counts.clear()
            if changed:
                MetricValue.objects.set_latest(changed)
                self._published.update(changed)
        except DatabaseError as error:
            self._counters.put_back(counts)
            log.warning("Metrics cannot be written to the database: %s", error)

    def _run(self) -> None:
        try:
            while not self._stop.wait(settings.SIGNALMAN_METRICS_SECONDS):
                close_old_connections()
                self.publish()
        finally:
            connections.close_all()


publisher: Final = Publisher(counters, key_read_times)
os.register_at_fork(after_in_child=publisher.reset)
