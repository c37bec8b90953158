"""The number of attempts, and the delay before a retry."""

from __future__ import annotations

from datetime import timedelta
from random import SystemRandom
from typing import Final

# With the delays below, about ten minutes.
MAX_ATTEMPTS: Final = 10
FIRST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 120.0
# The random part of the delay, so that operations that failed together are not retried together.
JITTER: Final = 0.5

_random = SystemRandom()


def delay_after(attempt: int, *, retry_after: float | None = None) -> timedelta:
    """Return the delay after that many attempts, the first being 1.

    Never shorter than `retry_after`, in seconds, which Azure specified.
    """
    doubled = min(FIRST_SECONDS * 2.0 ** (min(attempt, 32) - 1), LONGEST_SECONDS)
    seconds = max(doubled, retry_after or 0.0)
    return timedelta(seconds=seconds * (1 + JITTER * _random.random()))
