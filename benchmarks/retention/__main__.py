"""python -m benchmarks retention [--rows N]: delete that many old deliveries and as many counts.

Runs on SQLite and PostgreSQL. Prints the rows deleted a minute, pauses included, and how many
receiving inserts at most. Exits 1 unless deletion is faster.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.child import measured_by
from scripts.with_postgres import postgres

ROWS: Final = 200_000
DATABASES: Final = ("SQLite", "PostgreSQL")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each database, print a line for each, and return 0 if deletion keeps up, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks retention", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="of each kind")
    parser.add_argument(
        "--save",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write benchmarks/results/retention.json",
    )
    options = parser.parse_args(arguments)
    measured = {}
    for database in DATABASES:
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(postgres()) if database == "PostgreSQL" else ""
            measured[database] = _measure(options.rows, url)
        print(
            "{0}: {deleted:,} rows in {transactions} transactions of at most {slowest:.2f} s, "
            "{deleted_a_minute:,} a minute; inserted at most {inserted_a_minute:,} a minute".format(
                database, **measured[database]
            ),
            flush=True,
        )
    if options.save:
        print(f"\nWrote {report.save('retention', measured)}.")
    missed = [database for database, each in measured.items() if not each["keeps_up"]]
    for database in missed:
        print(f"Missed: deletion does not keep up on {database}.")
    return 1 if missed else 0


def _measure(rows: int, database_url: str) -> dict[str, Any]:
    """Measure in a separate process, with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
        measured: dict[str, Any] = measured_by(
            "benchmarks.retention.measurement", rows, folder=Path(folder), database_url=database_url
        )
    return measured


if __name__ == "__main__":
    sys.exit(main())
