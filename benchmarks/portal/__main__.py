"""python -m benchmarks portal [--sizes N M]: pages, API and metrics of a small and a large fleet.

Uses SQLite. The results of the default sizes are saved as `portal`. Exits 1 if a page of the large
fleet takes more than twice as long as the small one's, or if a response of the API or `/metrics`
takes more than half a second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.child import measured_by
from benchmarks.plot import bar_chart

SIZES: Final = (100, 10_000)
# Highest accepted ratio of the large fleet's time to the small one's, for pages.
MAX_RATIO: Final = 2.0
# Longest accepted time of the API and `/metrics` for the large fleet.
MAX_MILLISECONDS: Final = 500.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both fleets, print the table, and return 0 where every target was met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks portal", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    small, large = parser.parse_args(arguments).sizes
    few, many = _measure(small), _measure(large)
    print(f"\n{'':<42}{small:>8,}{large:>8,}{'ratio':>8}   ms of processor time, median")
    ratios = {name: many[name] / few[name] for name in few}
    for name, ratio in ratios.items():
        print(f"{name:<42}{few[name]:>8.1f}{many[name]:>8.1f}{ratio:>8.2f}")
    missed = [
        f"{name} takes {ratio:.1f} times as long, over {MAX_RATIO:g}."
        for name, ratio in ratios.items()
        if not _is_api(name) and ratio > MAX_RATIO
    ] + [
        f"{name} takes {taken:.0f} ms, over {MAX_MILLISECONDS:g}."
        for name, taken in many.items()
        if _is_api(name) and taken > MAX_MILLISECONDS
    ]
    for target in missed:
        print(f"Missed: {target}")
    if (small, large) == SIZES:
        documents = {f"{small}": few, f"{large}": many, "missed": missed}
        plot = bar_chart(f"Processor time with {large:,} instances", many, unit="ms")
        print(f"\nWrote {report.save('portal', documents, plot)}.")
    return 1 if missed else 0


def _is_api(name: str) -> bool:
    return name.startswith(("API", "/metrics"))


def _measure(size: int) -> dict[str, float]:
    """Measure a fleet of that size in a separate process and database."""
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
        measured: dict[str, float] = measured_by(
            "benchmarks.portal.measurement",
            size,
            folder=Path(folder),
            environment={"SIGNALMAN_API_REQUESTS_A_MINUTE": "100000"},
        )
    return measured


if __name__ == "__main__":
    sys.exit(main())
