"""The report of a client's program: its calls, and those that failed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Report:
    """The names of the calls made, and an error for each that failed."""

    calls: tuple[str, ...]
    failed: Mapping[str, str]


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Report:
    """Run a client's program, which prints its report as JSON in its last line."""
    finished = subprocess.run(
        command,
        env=dict(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    lines = finished.stdout.strip().splitlines()
    if not lines:
        raise RuntimeError(f"{command[-1]} printed no report:\n{finished.stderr}")
    content = json.loads(lines[-1])
    return Report(tuple(content["calls"]), content["failed"])
