"""Back-off for key IDs that the issuer does not publish."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

# Key IDs can be forged: the least recently used are forgotten first.
_MAX_KEY_IDS: Final = 1024


class BackOff:
    """Delays that double for each key id with every reading that does not find it. Not thread-safe.

    `first` and `longest` are in seconds.
    """

    def __init__(self, first: float, longest: float, max_key_ids: int = _MAX_KEY_IDS) -> None:
        self._first: Final = first
        self._longest: Final = longest
        self._max_key_ids: Final = max_key_ids
        # By key id: when it is due again, and the delay that led there.
        self._delays: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def due(self, kid: str) -> float:
        """Return the time from which the key id may cause a reading."""
        return self._delays.get(kid, (0.0, 0.0))[0]

    def extend(self, kid: str, now: float) -> None:
        """Record a reading that did not find the key."""
        _, last = self._delays.pop(kid, (0.0, 0.0))
        delay = min(2 * last or self._first, self._longest)
        self._delays[kid] = (now + delay, delay)
        while len(self._delays) > self._max_key_ids:
            self._delays.popitem(last=False)

    def forget(self, kid: str) -> None:
        """Record that the key was found."""
        self._delays.pop(kid, None)
