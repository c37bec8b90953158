"""Unknown key IDs: the time from which each may cause the keys to be read again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

# Key IDs can be forged: the least recently used are forgotten first.
_MAX_KEY_IDS: Final = 1024


class UnknownKeyIds:
    """The key IDs that the last readings did not find, each with its back-off. Not thread-safe.

    The delay of a key ID doubles with each reading that does not find it, from `first` to `longest`
    seconds.
    """

    def __init__(self, first: float, longest: float, max_key_ids: int = _MAX_KEY_IDS) -> None:
        self._first: Final = first
        self._longest: Final = longest
        self._max_key_ids: Final = max_key_ids
        # By key ID: when a reading last did not find it, and the delay from then on.
        self._delays: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def due(self, kid: str) -> float:
        """Return the time from which the key ID may cause a reading."""
        missed_at, delay = self._delays.get(kid, (0.0, 0.0))
        return missed_at + delay

    def record_not_found(self, kid: str, at: float, least: float = 0.0) -> None:
        """Double the delay of a key ID after a reading at that time that did not find it.

        The delay is `least` or longer. A reading that was recorded before changes nothing.
        """
        missed_at, last = self._delays.get(kid, (0.0, 0.0))
        if at <= missed_at:
            return
        delay = min(max(2 * last or self._first, least), self._longest)
        self._delays[kid] = (at, delay)
        self._delays.move_to_end(kid)
        while len(self._delays) > self._max_key_ids:
            self._delays.popitem(last=False)

    def forget(self, kid: str) -> None:
        """Remove the delay of a key ID that a reading found."""
        self._delays.pop(kid, None)
