"""python -m benchmarks sync [--sizes N...]: on SQLite and, if configured, on PostgreSQL.

SIGNALMAN_DATABASE_URL names a PostgreSQL server; the benchmark creates a database there. Local
Azure runs in a separate process on the same machine, so wall-clock times include its work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.sync.results import Cost, Fleet, table
from tests.cloud import LocalAzure

SIZES = (100, 1_000, 10_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size on each database, and print a table for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks sync", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes: list[int] = parser.parse_args(arguments).sizes
    for database in _databases():
        print(f"\n{database or 'SQLite'}: import, plan, drift and apply\n", flush=True)
        print(table([_measure(size, database) for size in sizes]), flush=True)
    return 0


def _databases() -> list[str]:
    """Return the databases to measure; the empty name is a SQLite file."""
    url = os.environ.get("SIGNALMAN_DATABASE_URL", "")
    return ["", "PostgreSQL"] if url.startswith("postgres") else [""]


def _measure(size: int, database: str) -> Fleet:
    """Measure a fleet of that size in a separate process, with its own Local Azure and database."""
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as name:
        folder = Path(name)
        with LocalAzure(folder, "--empty") as cloud:
            environment = os.environ | cloud.environment | _settings(folder, database)
            command = [sys.executable, "-m", "benchmarks.sync.child", str(size)]
            done = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
    measured: dict[str, Any] = json.loads(done.stdout)
    costs = {name: Cost(**cost) for name, cost in measured["costs"].items()}
    return Fleet(measured["size"], costs)


def _settings(folder: Path, database: str) -> dict[str, str]:
    chosen = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SIGNALMAN_SECRET_KEY": "benchmark",
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_BROKER_URL": "memory://",
        "SIGNALMAN_LOG_LEVEL": "ERROR",
        "SIGNALMAN_POLL_SECONDS": "0",
        # No client-side throttling: waiting is not measured.
        "SIGNALMAN_WRITE_BURST": "1000000",
        "SIGNALMAN_READ_BURST": "1000000",
    }
    if not database:
        chosen["SIGNALMAN_DATABASE_URL"] = f"sqlite:///{folder / 'signalman.sqlite3'}"
    return chosen


if __name__ == "__main__":
    sys.exit(main())
