"""Adding this process's counts to the rows that all processes share."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from config.figures import catalogue
from config.figures.counters import Counters, Kind, counters
from config.figures.models import Figure
from validation import configuration

log = logging.getLogger(__name__)

# How long the end of the process waits for the thread.
_JOIN_SECONDS: Final = 5.0


class Publisher:
    """Publishes every few seconds from a thread, and once more when the process ends."""

    def __init__(self, counters: Counters, moments: Callable[[], dict[Kind, float]]) -> None:
        self._counters = counters
        self._moments = moments
        self.forget()

    def forget(self) -> None:
        """Have no thread: a forked child has none of its parent's."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._noted: dict[Kind, float] = {}

    def start(self, **_: Any) -> None:
        """Begin, unless it has begun: a receiver of Celery's signals, too."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
        self._thread.start()
        # Not atexit: a web server's workers are multiprocessing's, whose children do not run it.
        Finalize(None, self.close, exitpriority=0)

    def close(self, **_: Any) -> None:
        """End the thread and publish what is left: a receiver of Celery's signals, too."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)
        self.publish()

    def publish(self) -> None:
        """Write what there is. Where the database cannot be written, it waits for the next time."""
        counts = self._counters.take()
        moments = self._moments()
        news = {kind: at for kind, at in moments.items() if self._noted.get(kind) != at}
        try:
            if counts:
                Figure.objects.add(counts)
                counts.clear()
            if news:
                Figure.objects.note(news)
                self._noted.update(news)
        except DatabaseError as error:
            self._counters.put_back(counts)
            log.warning("Figures cannot be written yet: %s", error)

    def _run(self) -> None:
        try:
            while not self._stop.wait(settings.SIGNALMAN_FIGURES_SECONDS):
                close_old_connections()
                self.publish()
        finally:
            connections.close_all()


def key_readings() -> dict[Kind, float]:
    """Return when the signing keys that this process holds were last read, for each tenant."""
    rings = configuration.validator().rings()
    return {
        Kind(catalogue.SIGNING_KEYS_READ, (tenant,)): ring.held.read_at
        for tenant, ring in rings.items()
        if ring.held.keys
    }


publisher: Final = Publisher(counters, key_readings)
os.register_at_fork(after_in_child=publisher.forget)
