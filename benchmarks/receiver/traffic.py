"""Valid requests and health checks, sent in an open loop beside what is measured.

A previously verified token, tokens that the server has not seen, and `/livez`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.receiver.messages import call, get
from benchmarks.receiver.open_loop import OpenLoop, Sample

_FRESH_A_SECOND: Final = 5
_KNOWN_A_SECOND: Final = 100
_LIVEZ_A_SECOND: Final = 5
OK: Final = 200


@dataclass(frozen=True)
class Seen:
    """The samples of valid requests and health checks of one run."""

    fresh: list[Sample]
    known: list[Sample]
    livez: list[Sample]

    def __add__(self, other: Seen) -> Seen:
        return Seen(self.fresh + other.fresh, self.known + other.known, self.livez + other.livez)

    @property
    def accepted(self) -> int:
        """The number of fresh tokens that were accepted."""
        return number_ok(self.fresh)


def number_ok(samples: Sequence[Sample]) -> int:
    """Return how many responses were 200."""
    return sum(sample.status == OK for sample in samples)


def shown(samples: Sequence[Sample]) -> str:
    """Return how many responses there were of each status; 0 is none within the time limit."""
    statuses = Counter(sample.status for sample in samples)
    return ", ".join(f"{number:,} x {status}" for status, number in sorted(statuses.items()))


def number_fresh(seconds: float) -> int:
    """Return how many fresh tokens `send_valid` needs."""
    return int(_FRESH_A_SECOND * seconds)


async def send_valid(port: int, known: str, fresh: Sequence[str], seconds: float) -> Seen:
    """Send for `seconds`, and return the samples."""
    found = await asyncio.gather(
        OpenLoop(port).send([call(token) for token in fresh], _FRESH_A_SECOND, seconds),
        OpenLoop(port).send([call(known)], _KNOWN_A_SECOND, seconds),
        OpenLoop(port).send([get("/livez")], _LIVEZ_A_SECOND, seconds),
    )
    return Seen(*found)
