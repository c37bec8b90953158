"""How often to try, and how long to wait before another attempt."""

from __future__ import annotations

from datetime import timedelta
from random import SystemRandom
from typing import Final

# With the waits below, some ten minutes of an Azure that cannot do what it is asked.
MAX_ATTEMPTS: Final = 10
FIRST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 120.0
# The part of the wait that is added at random: what was refused together comes back apart.
JITTER: Final = 0.5

_random = SystemRandom()


def delay_after(attempt: int, *, retry_after: float | None = None) -> timedelta:
    """Return the wait after that many attempts, the first being 1.

    Never shorter than `retry_after`, the seconds that Azure asked for.
    """
    doubled = min(FIRST_SECONDS * 2.0 ** (min(attempt, 32) - 1), LONGEST_SECONDS)
    seconds = max(doubled, retry_after or 0.0)
    return timedelta(seconds=seconds * (1 + JITTER * _random.random()))
