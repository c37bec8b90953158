"""Measured costs, and their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_MICRO: Final = 1_000_000
_HEADINGS: Final = ("", "instances", "seconds", "CPU us each", "growth", "queries")


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one command: wall-clock seconds, CPU seconds of its process, and queries."""

    seconds: float
    cpu: float
    queries: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Cost of each command for a number of instances."""

    size: int
    costs: Mapping[str, Cost]


def table(fleets: Sequence[Fleet]) -> str:
    """Return the costs as text, a row for each command and size.

    `growth` is the factor by which the CPU time for each instance increased over the previous size:
    1.0 is linear. CPU time, because it excludes the load of other programs.
    """
    rows = [_HEADINGS]
    for command in dict.fromkeys(name for fleet in fleets for name in fleet.costs):
        measured = [
            (fleet.size, fleet.costs[command]) for fleet in fleets if command in fleet.costs
        ]
        for index, (size, cost) in enumerate(measured):
            growth = _growth(measured[index - 1], (size, cost)) if index else ""
            each = f"{cost.cpu / size * _MICRO:,.0f}"
            rows.append(
                (command, f"{size:,}", f"{cost.seconds:.2f}", each, growth, f"{cost.queries:,}")
            )
    return "\n".join(f"{row[0]:<24}" + "".join(f"{cell:>13}" for cell in row[1:]) for row in rows)


def _growth(before: tuple[int, Cost], now: tuple[int, Cost]) -> str:
    return f"{(now[1].cpu / before[1].cpu) / (now[0] / before[0]):.2f}"
