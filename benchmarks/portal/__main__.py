"""python -m benchmarks portal [--sizes N M]: list pages of a small and a large fleet.

Uses SQLite. Exits 1 if the large fleet's list of instances takes more than three times as long.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

SIZES: Final = (100, 10_000)
# Highest accepted ratio of the large fleet's time to the small one's.
MAX_RATIO: Final = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both fleets, print the table, and check the list of instances."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks portal", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    small, large = parser.parse_args(arguments).sizes
    few, many = _measure(small), _measure(large)
    print(f"\n{'':<42}{small:>8,}{large:>8,}{'ratio':>8}   milliseconds, median")
    ratios = {name: many[name] / few[name] for name in few}
    for name, ratio in ratios.items():
        print(f"{name:<42}{few[name]:>8.1f}{many[name]:>8.1f}{ratio:>8.2f}")
    worst = ratios["instances"]
    print(f"\nThe list of instances takes {worst:.2f} times as long; the limit is {MAX_RATIO:.0f}.")
    return 0 if worst <= MAX_RATIO else 1


def _measure(size: int) -> dict[str, float]:
    """Measure a fleet of that size in a separate process and database."""
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SIGNALMAN_SECRET_KEY": "benchmark",
            "SIGNALMAN_DATA_DIR": folder,
            "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder}/signalman.sqlite3",
            "SIGNALMAN_BROKER_URL": "memory://",
            "SIGNALMAN_LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "benchmarks.portal.child", str(size)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    sys.exit(main())
