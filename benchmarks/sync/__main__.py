"""python -m benchmarks sync [options]: import, plan, drift and apply, on SQLite and PostgreSQL.

Local Azure runs in a separate process on the same machine, so wall-clock times include its work.
During applies it enforces ARM's documented limits. Exits 1 if a limit of `results` is not kept.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.child import measured_by
from benchmarks.sync.results import Cost, Fleet, chart, limits, request_lines, table
from scripts.with_postgres import postgres
from tests.cloud import LocalAzure

SIZES: Final = (100, 1_000, 10_000)
# Applying to more takes long at ARM's limits, ten each second, and adds no information.
MOST_APPLIED: Final = 1_000
DATABASES: Final = ("SQLite", "PostgreSQL")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size on each database, print tables, and save the results of all sizes."""
    options = _parser().parse_args(arguments)
    fleets: dict[str, list[Fleet]] = {}
    for database in options.databases:
        print(f"\n{database}: import, plan, drift and apply\n", flush=True)
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(postgres()) if database == "PostgreSQL" else ""
            fleets[database] = [_measure(size, url, options.most_applied) for size in options.sizes]
        print("\n".join([table(fleets[database]), "", *request_lines(fleets[database])]))
        for limit in limits(fleets[database]):
            print(limit.text + ("" if limit.is_kept else " NOT KEPT"), flush=True)
    if options.save:
        documents = {
            database: [asdict(each) for each in measured] for database, measured in fleets.items()
        }
        print(f"\nWrote {report.save('sync', documents, chart(fleets))}.")
    kept = [limit.is_kept for measured in fleets.values() for limit in limits(measured)]
    return 0 if all(kept) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks sync", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="instances of a fleet")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument(
        "--most-applied", type=int, default=MOST_APPLIED, help="apply to fleets up to this size"
    )
    parser.add_argument(
        "--save",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write benchmarks/results/sync.json and docs/images/benchmark-sync.svg",
    )
    return parser


def _measure(size: int, database_url: str, most_applied: int) -> Fleet:
    """Measure a fleet of that size in a separate process, with its own Local Azure and database."""
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as name:
        folder = Path(name)
        with LocalAzure(folder, "--empty") as cloud:
            # Local Azure finishes each change at once, so that the limits are what takes time.
            environment = {**cloud.environment, "SIGNALMAN_POLL_SECONDS": "0.1"}
            measured: dict[str, Any] = measured_by(
                "benchmarks.sync.measurement",
                *(size, most_applied),
                folder=folder,
                database_url=database_url,
                environment=environment,
            )
    costs = {name: Cost(**cost) for name, cost in measured.pop("costs").items()}
    return Fleet(costs=costs, **measured)


if __name__ == "__main__":
    sys.exit(main())
