"""Instances that this process sent to, until that is stored with the deliveries.

A handler that sends to the instance of its request names it in no setting. That it has sent, or was
refused, is what shows the diagnosis that the credential needs a role there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from upstreams.models import SenderActivity

# An instance's activity is stored at most this often, for each outcome.
_STORE_SECONDS: Final = 60.0
# Code names the instances. This bounds the memory if it takes the names from elsewhere.
_MOST: Final = 1_000
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

Key = tuple[str, bool]


class Activity:
    """The times of the last accepted and the last refused call, by instance."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._noted: dict[Key, float] = {}
        self._stored: Final[dict[Key, float]] = {}

    def note(self, instance: str, status: int) -> None:
        """Note that the service answered a call with this status. Never waits for the database."""
        is_refused = status in _REFUSED
        if not is_refused and status >= HTTPStatus.BAD_REQUEST:
            return
        key, now = (instance, is_refused), self._clock()
        if now - self._stored.get(key, -_STORE_SECONDS) < _STORE_SECONDS:
            return
        with self._lock:
            if key in self._noted or len(self._noted) < _MOST:
                self._noted[key] = now

    def store(self) -> None:
        """Store what was noted. Raises DatabaseError, after which it is noted still."""
        with self._lock:
            noted, self._noted = self._noted, {}
        try:
            for (instance, is_refused), at in sorted(noted.items()):
                moment = datetime.fromtimestamp(at, tz=UTC)
                SenderActivity.objects.record(instance, moment, is_refused=is_refused)
        except Exception:
            with self._lock:
                self._noted = noted | self._noted
            raise
        self._stored.update(noted)

    def forget(self) -> None:
        """Drop what was noted and what was stored."""
        with self._lock:
            self._noted = {}
            self._stored.clear()


activity: Final = Activity()
