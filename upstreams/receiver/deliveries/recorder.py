"""Records deliveries without a request waiting for the database.

Requests add to counters in memory; a thread writes them every second and when the process ends.
Every delivery is counted; a sample is stored as rows too. The memory is bounded, and deliveries
that did not fit are counted as well.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Final

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
)

from upstreams.receiver.configuration import Configuration, configuration
from upstreams.receiver.deliveries import storage
from upstreams.receiver.deliveries.records import DeliveryRecord, Kind
from upstreams.receiver.deliveries.sample_budget import SampleBudget
from upstreams.sender.activity import activity
from upstreams.signals import deliveries_lost

log = logging.getLogger(__name__)

# The most that is queued while the database cannot be written.
_MOST_KINDS: Final = 10_000
_MOST_SAMPLES: Final = 2_000
# How long the end of the process waits for the thread.
_JOIN_SECONDS: Final = 5.0


class Recorder:
    """Counts and samples deliveries, and writes them in batches."""

    def __init__(self, configuration: Callable[[], Configuration]) -> None:
        self._configuration = configuration
        self.start_empty()

    def forget(self) -> None:
        """Drop what is queued, and end the thread."""
        self._stop.set()
        self.start_empty()

    def start_empty(self) -> None:
        """Start with an empty queue, as in a forked child: its parent writes what was queued.

        Takes no lock: a thread that the child does not have may have held it.
        """
        self._lock = threading.Lock()
        self._counts: Counter[Kind] = Counter()
        self._samples: list[DeliveryRecord] = []
        self._budget = SampleBudget(self._configuration)
        self._thread: threading.Thread | None = None
        self._ends_with_process = False
        self._stop = threading.Event()
        self.dropped = 0

    def record(self, kind: Kind, delivery: Callable[[], DeliveryRecord]) -> bool:
        """Count a delivery; return whether it is stored as a row too. Never waits.

        `delivery` is called only for a row. With a `flush_seconds` of 0 the caller flushes.
        """
        with self._lock:
            count = self._counts.get(kind)
            if count is not None or len(self._counts) < _MOST_KINDS:
                self._counts[kind] = (count or 0) + 1
            else:
                self.dropped += 1
            is_sampled = len(self._samples) < _MOST_SAMPLES and self._budget.take(kind)
            if is_sampled:
                self._samples.append(delivery())
        if self._thread is None and self._configuration().flush_seconds:
            self._start()
        return is_sampled

    def flush(self) -> None:
        """Write what is queued. If the database cannot be written, it stays queued."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            samples, self._samples = self._samples, []
            dropped, self.dropped = self.dropped, 0
        if dropped:
            log.warning(
                "Deliveries were not counted (number: %s): too many kinds of them are queued.",
                dropped,
            )
            deliveries_lost.send(type(self), number=dropped)
        if not counts:
            return
        try:
            storage.write(counts, samples)
        except (OperationalError, InterfaceError) as error:
            log.warning(
                "Deliveries cannot be written to the database yet (queued: %s): %s",
                counts.total(),
                error,
            )
            self._take_back(counts, samples)
        except Exception:
            # Another attempt would fail too: drop these, and keep the thread running.
            log.exception("Deliveries were lost (number: %s).", counts.total())
            deliveries_lost.send(type(self), number=counts.total())
        else:
            self._store_activity()

    def _store_activity(self) -> None:
        try:
            activity.store()
        except DatabaseError as error:
            # It stays noted: these deliveries are written, and must not be counted again.
            log.warning("The activity of senders cannot be written to the database yet: %s", error)

    def close(self) -> None:
        """Stop the thread and write what is queued."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(_JOIN_SECONDS)
            if thread.is_alive():
                log.warning("The database does not respond. The last deliveries are not stored.")
                return
        self.flush()

    def _take_back(self, counts: Counter[Kind], samples: list[DeliveryRecord]) -> None:
        with self._lock:
            room = max(0, _MOST_KINDS - len(self._counts))
            kept = dict(list(counts.items())[:room])
            self.dropped += counts.total() - sum(kept.values())
            self._counts.update(kept)
            self._samples = (samples + self._samples)[:_MOST_SAMPLES]

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            thread = self._thread = threading.Thread(
                target=self._run, args=(self._stop,), name="deliveries", daemon=True
            )
            is_first, self._ends_with_process = not self._ends_with_process, True
            try:
                thread.start()
            except RuntimeError:
                # No thread could be started: the next delivery tries again.
                self._thread = None
        # Not atexit: a web server's workers are multiprocessing's, whose children do not run it.
        if is_first:
            Finalize(None, self.close, exitpriority=0)

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(self._configuration().flush_seconds):
                self._turn()
        finally:
            # The next delivery starts another thread.
            if not stop.is_set():
                self._thread = None
            connections.close_all()

    def _turn(self) -> None:
        try:
            close_old_connections()
            self.flush()
        except Exception:
            # No other thread writes what is queued.
            log.exception("Deliveries could not be written to the database yet.")


recorder: Final = Recorder(configuration)
os.register_at_fork(after_in_child=recorder.start_empty)
