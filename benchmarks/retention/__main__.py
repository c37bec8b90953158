"""python -m benchmarks retention [--rows N]: delete that many old deliveries and as many counts.

Runs on SQLite and PostgreSQL. Prints the rows deleted a minute, pauses included, and how many
receiving inserts at most. Exits 1 unless deletion is faster.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import report
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
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SIGNALMAN_SECRET_KEY": "benchmark",
            "SIGNALMAN_DATA_DIR": folder,
            "SIGNALMAN_DATABASE_URL": database_url
            or f"sqlite:///{Path(folder) / 'signalman.sqlite3'}",
            "SIGNALMAN_BROKER_URL": "memory://",
            "SIGNALMAN_LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "benchmarks.retention.child", str(rows)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    sys.exit(main())
