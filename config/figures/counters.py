"""Counts in this process's memory, until they are added to the rows that all processes share."""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import Final, NamedTuple

# Labels are bounded by the code and by the configuration; this is for a mistake in that.
_MOST: Final = 5_000


class Kind(NamedTuple):
    """What is counted together: a figure's name and the values of its labels."""

    name: str
    labels: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The kind as one string."""
        return "|".join((self.name, *self.labels))[:255]


class Counters:
    """Adds up. Safe to use from any number of threads; never waits for anything else."""

    def __init__(self, most: int = _MOST) -> None:
        self._most: Final = most
        self.forget()

    def forget(self) -> None:
        """Start from nothing: a forked child's counts are its parent's to publish."""
        self._lock = threading.Lock()
        self._counts: Counter[Kind] = Counter()

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a count; one kind too many is left out."""
        kind = Kind(name, labels)
        with self._lock:
            if kind in self._counts or len(self._counts) < self._most:
                # A Counter's values may be any numbers; its type says int.
                self._counts[kind] += by  # type: ignore[assignment]

    def take(self) -> Counter[Kind]:
        """Return what was added up, and start from nothing."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, taken: Counter[Kind]) -> None:
        """Add what could not be published."""
        with self._lock:
            self._counts.update(taken)


counters: Final = Counters()
os.register_at_fork(after_in_child=counters.forget)
