"""The lines of the witness: written by the processes, read by the sums."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

VARIABLE: Final = "SHAPE_WITNESS"


class Line(NamedTuple):
    """What a process did: `what` is handled, accepted, refused or failed.

    `reason` is a reason code, `key` the connection ID of the request.
    """

    at: float
    pid: int
    what: str
    reason: str
    key: str


def write(what: str, reason: str, key: str) -> None:
    """Append a line."""
    line = json.dumps([time.time(), os.getpid(), what, reason, key]) + "\n"
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def read(path: Path) -> Iterator[Line]:
    """Yield the lines in order."""
    with path.open() as file:
        for line in file:
            yield Line(*json.loads(line))
