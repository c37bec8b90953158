"""Memory over many requests: the resident size of the receiver's processes."""

from __future__ import annotations

from typing import Final

from benchmarks.receiver.contenders import IN_THREADS
from benchmarks.receiver.processes import resident_bytes
from benchmarks.receiver.stage import Stage

_CHUNK_SECONDS: Final = 10.0
# Before the first reading: caches fill, and the first deliveries are written.
_WARM_UP_SECONDS: Final = 10.0
# What counts as flat: allocators keep some slack.
_GROWTH: Final = 1.05


def run(stage: Stage, requests: int) -> int:
    """Send `requests` requests; return 0 where memory stayed flat, else 1."""
    done = stage.measure(IN_THREADS, _WARM_UP_SECONDS).requests
    print(f"{done:>9,} requests to warm up")
    before, done = resident_bytes(stage.pids[IN_THREADS.key]), 0
    print(f"{done:>9,} requests: {_shown(before)}")
    while done < requests:
        done += stage.measure(IN_THREADS, _CHUNK_SECONDS).requests
        print(f"{done:>9,} requests: {_shown(resident_bytes(stage.pids[IN_THREADS.key]))}")
    after = resident_bytes(stage.pids[IN_THREADS.key])
    print(f"Growth: {sum(after) / sum(before) - 1:+.1%}")
    return 0 if sum(after) <= _GROWTH * sum(before) else 1


def _shown(sizes: list[int]) -> str:
    return " + ".join(f"{size / 1024**2:.1f}" for size in sizes) + " MiB"
