"""What a flood of invented key ids costs the valid requests of the process that it reaches.

Anybody may send tokens whose header names a key that nobody published. Refusing them takes time of
the machine, which is not what is measured here: it is what each valid request pays in between, in a
process whose caches, locks, counters and key ring the flood goes through.

Whatever a process does between two requests pushes the receiver's code out of the processor's
caches. So valid requests are also measured between health probes, which touch none of that: the
flood may not make them slower than those do. And what they take alone may not grow meanwhile.
"""

from __future__ import annotations

import json
from itertools import chain
from statistics import median, quantiles
from typing import Final

from benchmarks.receiver.load import LoadFailed
from benchmarks.receiver.stage import Stage
from examples.demo.processes import PYTHON

# How much slower valid requests may be, at most.
_TARGET: Final = 1.10
_KEYS: Final = "/discovery/keys"
# How often the issuer may be read: when the process starts, and once in the cool-down.
_READINGS: Final = 2

_KINDS: Final = (
    ("alone", "alone"),
    ("after two health probes each", "others"),
    ("after two of the flood each", "flood"),
)

Rounds = list[list[int]]


def run(stage: Stage, flood: int) -> int:
    """Measure, print, and return 0 where the flood slowed nobody and moved nothing, else 1."""
    before = _readings(stage)
    module = "benchmarks.receiver.flooded"
    done = stage.programs.run(PYTHON, "-m", module, str(stage.requests), str(flood))
    if done.returncode:
        raise LoadFailed(f"The process that was to be flooded failed: {done.stderr[-500:]}")
    seen: dict[str, Rounds] = json.loads(done.stdout.splitlines()[-1])
    readings = _readings(stage) - before
    print("| CPU of a valid request, µs | median | p99 |\n|---|---:|---:|")
    for title, kind in _KINDS:
        times = [time / 1000 for time in chain.from_iterable(seen[kind])]
        print(f"| {title} | {median(times):.1f} | {quantiles(times, n=100)[98]:.1f} |")
    slower = _ratio(seen["flood"], seen["others"])
    half = len(seen["alone"]) // 2
    left = _ratio(seen["alone"][half:], seen["alone"][:half])
    print(f"In the flood to between probes: {slower:.2f}")
    print(f"Alone, after half of the flood to before it: {left:.2f}")
    print(f"{flood:,} invented key ids; the issuer's keys were read {readings} times.")
    return 0 if max(slower, left) <= _TARGET and readings <= _READINGS else 1


def _ratio(ours: Rounds, theirs: Rounds) -> float:
    """Return the median of the ratios of the rounds' medians."""
    return median(median(one) / median(other) for one, other in zip(ours, theirs, strict=True))


def _readings(stage: Stage) -> int:
    return sum(_KEYS in request["path"] for request in stage.azure.requests())
