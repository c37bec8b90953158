"""Counters in this process's memory, until they are added to the rows that all processes share."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

# Labels are bounded by code and configuration; this limit guards against a mistake in either.
_MAX_SERIES: Final = 5_000


class Series(NamedTuple):
    """A metric's name and one combination of label values."""

    name: str
    labels: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The series as one string of at most 255 characters."""
        return "|".join((self.name, *self.labels))[:255]


class Counters:
    """Counts by series. Safe to use from any number of threads; never waits for I/O."""

    def __init__(self, max_series: int = _MAX_SERIES) -> None:
        self._max_series: Final = max_series
        self.reset()

    def reset(self) -> None:
        """Start from zero: a forked child's counts are its parent's to publish."""
        self._lock = threading.Lock()
        self._counts: Counter[Series] = Counter()

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter; beyond the limit, new series are dropped."""
        self.add_all(((Series(name, labels), by),))

    def add_all(self, added: Iterable[tuple[Series, float]]) -> None:
        """Add to several counters at once."""
        with self._lock:
            for series, by in added:
                if series in self._counts or len(self._counts) < self._max_series:
                    # A Counter's values may be any numbers; its type says int.
                    self._counts[series] += by  # type: ignore[assignment]

    def take(self) -> Counter[Series]:
        """Return the counts and start from zero."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, taken: Counter[Series]) -> None:
        """Add counts that could not be published."""
        with self._lock:
            self._counts.update(taken)


counters: Final = Counters()
os.register_at_fork(after_in_child=counters.reset)
