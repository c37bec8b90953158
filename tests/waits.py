"""Waits for what another thread or another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# A message that no worker claimed is sent again after half a minute; and machines may be busy.
PATIENCE_SECONDS: Final = 180
LOOK_SECONDS: Final = 0.05


def wait_until(is_true: Callable[[], object], problem: str) -> None:
    """Return as soon as `is_true` returns a true value; fail with `problem` if it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, problem
        time.sleep(LOOK_SECONDS)
