"""A bounded cache whose entries expire."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_MOST: Final = 10_000


class ExpiryCache(Generic[Key, Value]):
    """Values by key, each until a time in seconds since 1970; beyond `most`, the oldest go."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._entries: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """Return the value, unless it has expired."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and time.time() < entry[0] else None

    def put(self, key: Key, value: Value, until: float) -> Value:
        """Keep a value, and return it."""
        self._entries.pop(key, None)
        while len(self._entries) >= self._most:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (until, value)
        return value
