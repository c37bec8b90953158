"""What was measured, and the table that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_MICRO: Final = 1_000_000
_HEADINGS: Final = ("", "instances", "seconds", "CPU us each", "growth", "queries")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one command cost: wall-clock seconds, CPU seconds of its process, and queries."""

    seconds: float
    cpu: float
    queries: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """What each command cost with that many instances."""

    size: int
    figures: Mapping[str, Figure]


def table(fleets: Sequence[Fleet]) -> str:
    """Return the figures as text, a row for each command and size.

    `growth` is how many times the CPU of the size before it was needed, for how many times the
    instances: 1.0 is linear, more is worse. Of CPU, because other programs' load is not in that.
    """
    rows = [_HEADINGS]
    for command in dict.fromkeys(name for fleet in fleets for name in fleet.figures):
        measured = [
            (fleet.size, fleet.figures[command]) for fleet in fleets if command in fleet.figures
        ]
        for index, (size, figure) in enumerate(measured):
            growth = _growth(measured[index - 1], (size, figure)) if index else ""
            each = f"{figure.cpu / size * _MICRO:,.0f}"
            rows.append(
                (command, f"{size:,}", f"{figure.seconds:.2f}", each, growth, f"{figure.queries:,}")
            )
    return "\n".join(f"{row[0]:<24}" + "".join(f"{cell:>13}" for cell in row[1:]) for row in rows)


def _growth(before: tuple[int, Figure], now: tuple[int, Figure]) -> str:
    return f"{(now[1].cpu / before[1].cpu) / (now[0] / before[0]):.2f}"
