"""How often what is random is tried, and beginning an apply that is to meet faults."""

from __future__ import annotations

import os
from typing import Final

from localazure import seed
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, imported, raw, start, unmanaged, want

# A longer search, by hand: SIGNALMAN_FAULT_RUNS=500 pytest tests/faults
RUNS: Final = int(os.environ.get("SIGNALMAN_FAULT_RUNS", "10"))

# Two steps of a read, a write and two polls each, and the last look.
CALLS: Final = 9
# Azure ends an operation whose address was lost without being asked; polls are sooner.
PROGRESSION: Final = {"polls": 1, "seconds": 0.3}


def begin(cloud: LocalAzure, name: str = seed.PAYMENTS) -> tuple[Operation, str]:
    """Start an apply of two steps; return it and what it must leave alone.

    By default on the hardened instance.
    """
    cloud.post("/_local/operations", PROGRESSION)
    before = unmanaged(raw(name))
    return start(want(imported(name), "SystemAssigned", SIGNED)), before
