"""A process of its own for a measurement, with its own settings, data and database.

`python -m benchmarks.child MODULE ARGUMENT...` runs a module after setting Django up.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django


def measured_by(
    module: str,
    *arguments: int,
    folder: Path,
    database_url: str = "",
    environment: Mapping[str, str] | None = None,
) -> Any:
    """Run a module in a process of its own, and return the JSON that it prints.

    The data, and by default a SQLite database, are in the folder. `environment` adds to the
    environment variables, or replaces some.
    """
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SIGNALMAN_SECRET_KEY": "benchmark",
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_DATABASE_URL": database_url or f"sqlite:///{folder / 'signalman.sqlite3'}",
        "SIGNALMAN_BROKER_URL": "memory://",
        "SIGNALMAN_LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", module, *map(str, arguments)],
        env=os.environ | variables | dict(environment or {}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    named = sys.argv.pop(1)
    django.setup()
    # Not imported at the top, because models load after the set-up.
    runpy.run_module(named, run_name="__main__")
