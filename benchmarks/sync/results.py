"""Measured costs, their table, their plot, and the limits that they must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.plot import Line, line_chart

_MICRO: Final = 1_000_000
_HEADINGS: Final = (
    "", "instances", "seconds", "CPU s", "CPU us each", "growth", "queries", "peak MB",
)  # fmt: skip
# What ARM's documented token bucket of writes allows: at once, and each second.
WRITES_AT_ONCE: Final = 200
WRITES_PER_SECOND: Final = 10
# The highest accepted ratio of a duration to what cannot be avoided.
MAX_RATIO: Final = 1.2
# The fleet whose plan must take less than a second of processor time.
LARGE: Final = 10_000
MAX_PLAN_CPU: Final = 1.0

SDK_LIST: Final = "list by the SDK alone"
ROWS: Final = "rows alone"
IMPORT: Final = "import"
PLAN: Final = "plan, nothing to do"
START: Final = "start of applies"
APPLY: Final = "apply"
_PLOTTED: Final = (SDK_LIST, IMPORT, PLAN, "drift, none", START, APPLY)


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one command: wall-clock seconds, CPU seconds of its process, and queries.

    `peak` is the highest resident memory of the process during it, in MB.
    """

    seconds: float
    cpu: float
    queries: int
    peak: float = 0.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Cost of each command for a number of instances.

    `requests` is the number of requests to Azure during the applies by kind, for each instance;
    `throttled` how many were answered 429.
    """

    size: int
    costs: Mapping[str, Cost]
    requests: Mapping[str, float] = field(default_factory=dict)
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """A measured value beside its limit, as text."""

    text: str
    is_kept: bool


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
            rows.append(
                (
                    command,
                    f"{size:,}",
                    f"{cost.seconds:.2f}",
                    f"{cost.cpu:.2f}",
                    f"{cost.cpu / size * _MICRO:,.0f}",
                    _growth(measured[index - 1], (size, cost)) if index else "",
                    f"{cost.queries:,}",
                    f"{cost.peak:,.0f}",
                )
            )
    return "\n".join(f"{row[0]:<30}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in rows)


def request_lines(fleets: Sequence[Fleet]) -> list[str]:
    """Return a line for each size with the requests that an apply of one instance took."""
    return [
        f"Requests to apply one of {fleet.size:,} instances: "
        + ", ".join(f"{number:.2f} {kind}" for kind, number in fleet.requests.items())
        + f". Answered 429: {fleet.throttled:,} in all."
        for fleet in fleets
        if fleet.requests
    ]


def limits(fleets: Sequence[Fleet]) -> list[Limit]:
    """Return what is known of each limit."""
    found = []
    for fleet in fleets:
        found += [_import_limit(fleet), _plan_limit(fleet), _apply_limit(fleet)]
    return [each for each in found if each is not None]


def chart(fleets_by_database: Mapping[str, Sequence[Fleet]]) -> str:
    """Return a plot of the commands' durations by the number of instances."""
    lines = [
        Line(f"{command}, {database}", points, dash, command)
        for dash, (database, fleets) in enumerate(fleets_by_database.items())
        for command in _PLOTTED
        if (
            points := [
                (fleet.size, fleet.costs[command].seconds)
                for fleet in fleets
                if command in fleet.costs
            ]
        )
    ]
    return line_chart(
        "Import, plan, drift and apply by the number of instances", lines, x="instances",
        y="seconds",
    )  # fmt: skip


def allowed_seconds(writes: int) -> float:
    """Return how long that many writes take at ARM's documented limit, in seconds."""
    return max(writes - WRITES_AT_ONCE, 0) / WRITES_PER_SECOND


def _import_limit(fleet: Fleet) -> Limit | None:
    """Compare the import with its parts that cannot be avoided: the list, and the rows."""
    if not {IMPORT, SDK_LIST, ROWS} <= fleet.costs.keys():
        return None
    parts = [fleet.costs[name].seconds for name in (SDK_LIST, ROWS)]
    taken = fleet.costs[IMPORT].seconds
    # 1.2 times the list, plus the rows.
    allowed = MAX_RATIO * parts[0] + parts[1]
    text = (
        f"Import of {fleet.size:,}: {taken:.2f} s. The SDK's own list takes {parts[0]:.2f} s, "
        f"writing the rows {parts[1]:.2f} s; {MAX_RATIO} times the list and the rows: "
        f"{allowed:.2f} s."
    )
    return Limit(text, taken <= allowed or fleet.size < LARGE)


def _plan_limit(fleet: Fleet) -> Limit | None:
    if PLAN not in fleet.costs or fleet.size < LARGE:
        return None
    cpu = fleet.costs[PLAN].cpu
    text = f"Plan of {fleet.size:,}: {cpu:.2f} s of processor time; the limit is {MAX_PLAN_CPU} s."
    return Limit(text, cpu < MAX_PLAN_CPU)


def _apply_limit(fleet: Fleet) -> Limit | None:
    allowed = allowed_seconds(fleet.size)
    if APPLY not in fleet.costs or not allowed:
        return None
    taken = fleet.costs[APPLY].seconds
    text = (
        f"Apply of {fleet.size:,}: {taken:.1f} s. ARM's throttle allows {allowed:.1f} s; the ratio "
        f"is {taken / allowed:.2f}, the limit {MAX_RATIO}."
    )
    return Limit(text, taken <= MAX_RATIO * allowed)


def _growth(before: tuple[int, Cost], now: tuple[int, Cost]) -> str:
    return f"{(now[1].cpu / before[1].cpu) / (now[0] / before[0]):.2f}"
