"""Choice of the deliveries that are stored as rows: the first of each minute, within limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from upstreams.receiver.configuration import Configuration
from upstreams.receiver.deliveries.records import Kind
from upstreams.receiver.protocol.responses import Outcome

# Minutes after the one that is sampled.
_SAME_BUDGET: Final = (0, -1)
_ACCEPTED: Final[Outcome] = "accepted"


class SampleBudget:
    """The rows that may still be stored in this minute.

    Three limits hold: for an instance and reason, for an instance, and for this process. Accepted
    deliveries take at most half of the last two, so that they do not crowd out the others, which
    an operator looks for, nor the others them. Not safe to use from several threads.
    """

    def __init__(self, configuration: Callable[[], Configuration]) -> None:
        self._configuration: Final = configuration
        self._minute = 0
        self._taken: Counter[tuple[object, ...]] = Counter()
        # The instances, outcomes and reasons of which no more are stored in this minute.
        self._ended: set[tuple[int, str, str]] = set()

    def take(self, kind: Kind) -> bool:
        """Return whether to store a delivery of that kind, which then counts against the limits."""
        # A thread may be late with one of the previous minute, or the clock may have been set back.
        if kind.minute - self._minute not in _SAME_BUDGET:
            self._minute = kind.minute
            self._taken.clear()
            self._ended.clear()
        instance, is_accepted = kind.instance, kind.outcome == _ACCEPTED
        group = instance, kind.outcome, kind.reason
        if group in self._ended:
            return False
        configuration = self._configuration()
        limits: dict[tuple[object, ...], int] = {
            group: configuration.samples_a_minute,
            (instance, is_accepted): _half(configuration.instance_samples_a_minute),
            (is_accepted,): _half(configuration.process_samples_a_minute),
        }
        if any(self._taken[key] >= limit for key, limit in limits.items()):
            self._ended.add(group)
            return False
        self._taken.update(limits.keys())
        return True


def _half(limit: int) -> int:
    # Rounded up: a limit of 1 stores something.
    return (limit + 1) // 2
