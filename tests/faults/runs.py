"""The number of random runs, and the start of an apply that meets faults."""

from __future__ import annotations

import os
from typing import Final

from localazure import seed
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, imported, raw, set_desired, start, unmanaged

# For a longer search: SIGNALMAN_FAULT_RUNS=500 pytest tests/faults
RUNS: Final = int(os.environ.get("SIGNALMAN_FAULT_RUNS", "10"))

# Two steps of a read, a write and two polls each; the last poll serves as the read at the end.
CALLS: Final = 8
# An operation whose URL was lost ends without polls, but later.
PROGRESSION: Final = {"polls": 1, "seconds": 0.3}


def begin(cloud: LocalAzure, name: str = seed.PAYMENTS) -> tuple[Operation, str]:
    """Start an apply of two steps; return it and what it must leave unchanged.

    The default is the hardened instance.
    """
    cloud.post("/_local/operations", PROGRESSION)
    before = unmanaged(raw(name))
    return start(set_desired(imported(name), "SystemAssigned", SIGNED)), before
