"""python -m benchmarks sync [--sizes N...]: on SQLite, and on PostgreSQL where one is named.

SIGNALMAN_DATABASE_URL names it; the benchmark makes a database of its own on that server. Azure is
Local Azure in a process of its own, on the same machine: its work is in the figures.
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

from benchmarks.sync.figures import Figure, Fleet, table
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
    """Return the names of the databases to measure; the empty one is a SQLite file."""
    url = os.environ.get("SIGNALMAN_DATABASE_URL", "")
    return ["", "PostgreSQL"] if url.startswith("postgres") else [""]


def _measure(size: int, database: str) -> Fleet:
    """Measure a fleet of that size in a process of its own, with an Azure and rows of its own."""
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as name:
        folder = Path(name)
        with LocalAzure(folder, "--empty") as cloud:
            environment = os.environ | cloud.environment | _settings(folder, database)
            command = [sys.executable, "-m", "benchmarks.sync.child", str(size)]
            done = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
    measured: dict[str, Any] = json.loads(done.stdout)
    figures = {name: Figure(**figure) for name, figure in measured["figures"].items()}
    return Fleet(measured["size"], figures)


def _settings(folder: Path, database: str) -> dict[str, str]:
    chosen = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SIGNALMAN_SECRET_KEY": "benchmark",
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_BROKER_URL": "memory://",
        "SIGNALMAN_LOG_LEVEL": "ERROR",
        "SIGNALMAN_POLL_SECONDS": "0",
        # Local Azure enforces no budget unless told to, and waiting is not what is measured.
        "SIGNALMAN_WRITE_BURST": "1000000",
        "SIGNALMAN_READ_BURST": "1000000",
    }
    if not database:
        chosen["SIGNALMAN_DATABASE_URL"] = f"sqlite:///{folder / 'signalman.sqlite3'}"
    return chosen


if __name__ == "__main__":
    sys.exit(main())
