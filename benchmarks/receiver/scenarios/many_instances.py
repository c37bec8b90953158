"""The cost of a constant rate of requests, by the number of instances that send them.

Each instance sends a token of its own, which the receiver has verified before the measurement.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from benchmarks import report
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.open_loop import OpenLoop, Sample, percentile
from benchmarks.receiver.processes import processor_seconds
from benchmarks.receiver.senders import create_senders
from benchmarks.receiver.stage import Stage
from benchmarks.receiver.traffic import number_ok

SIZES: Final = (1, 100, 1_000, 10_000)
_A_SECOND: Final = 200
# Of the warm-up, in which each instance sends once.
_WARM_UP_A_SECOND: Final = 400
_WARM_UP_SECONDS: Final = 5.0
# New instances are known by then: SIGNALMAN_POLICY_SECONDS, and the time to read them.
_POLICY_SECONDS: Final = 10.0
# For the largest fleet: percent of a processor core, all processes of the server together, and
# milliseconds.
_MAX_PROCESSOR: Final = 35.0
_MAX_P99: Final = 15.0


def run(stage: Stage, seconds: float) -> int:
    """Measure, print, and return 0 where every target was met, else 1."""
    requests: list[bytes] = []
    measured: list[dict[str, float]] = []
    missed: list[str] = []
    print(f"{_A_SECOND} requests a second, {seconds:.0f} s each")
    print("| instances | accepted | CPU, % of a core | p50, ms | p99, ms | slowest, ms |")
    print("|---:|---:|---:|---:|---:|---:|", flush=True)
    for size in SIZES:
        requests += create_senders(stage, size - len(requests), len(requests))
        time.sleep(_POLICY_SECONDS)
        samples, processor = _measure(stage, requests, seconds)
        p99 = percentile(samples, 0.99)
        measured.append(
            {
                "instances": size,
                "sent": len(samples),
                "accepted": number_ok(samples),
                "percent_of_a_core": processor,
                "p50": percentile(samples, 0.5),
                "p99": p99,
                "p100": percentile(samples, 1),
            }
        )
        print(f"| {size:,} | {number_ok(samples):,} of {len(samples):,} | {processor:.0f} "
              f"| {percentile(samples, 0.5):.1f} | {p99:.1f} | {percentile(samples, 1):.0f} |",
              flush=True)  # fmt: skip
        if number_ok(samples) < len(samples):
            missed.append(f"{size:,} instances: not every request was accepted.")
        if size == SIZES[-1] and processor > _MAX_PROCESSOR:
            missed.append(f"{processor:.0f} % of a core, over {_MAX_PROCESSOR:.0f}.")
        if size == SIZES[-1] and p99 > _MAX_P99:
            missed.append(f"a p99 of {p99:.1f} ms, over {_MAX_P99:.0f}.")
    print(f"\nWrote {report.save('receiver-instances', measured)}.")
    for target in missed:
        print(f"Missed: {target}")
    return 1 if missed else 0


def _measure(stage: Stage, requests: list[bytes], seconds: float) -> tuple[list[Sample], float]:
    """Return the samples, and the share of a core that the server used, in percent."""
    port, pid = stage.port(RECEIVER), stage.pids[RECEIVER.key]
    warm_up = max(_WARM_UP_SECONDS, 2 * len(requests) / _WARM_UP_A_SECOND)
    asyncio.run(OpenLoop(port).send(requests, _WARM_UP_A_SECOND, warm_up))
    began, used = time.monotonic(), processor_seconds(pid)
    samples = asyncio.run(OpenLoop(port).send(requests, _A_SECOND, seconds))
    processor = (processor_seconds(pid) - used) / (time.monotonic() - began) * 100
    return samples, processor
