"""Coroutine functions that wait: many calls at once on one process, without a thread each."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from benchmarks.receiver.contenders import ONE_WORKER
from benchmarks.receiver.handlers.hubs import WAIT_SECONDS
from benchmarks.receiver.messages import call
from benchmarks.receiver.open_loop import OpenLoop
from benchmarks.receiver.processes import most_threads
from benchmarks.receiver.stage import Stage
from benchmarks.receiver.traffic import number_ok

_CALLS: Final = 500
_ROUNDS: Final = 5
# Threads of the process, at most: fewer than a tenth of the calls.
_THREADS: Final = 50
# The time of all calls to that of one, at most. With eight threads it is 63.
_RATIO: Final = 10.0


def run(stage: Stage) -> int:
    """Measure, print, and return 0 where every target was met, else 1."""
    stage.start(ONE_WORKER)
    rounds = asyncio.run(_measure(stage))
    accepted = sum(one.accepted for one in rounds)
    ratio = min(one.ratio for one in rounds)
    threads = max(one.threads for one in rounds)
    milliseconds = WAIT_SECONDS * 1000
    print(f"{_CALLS} calls at once of a handler that awaits {milliseconds:.0f} ms, one process:")
    print(f"  {accepted:,} of {_CALLS * _ROUNDS:,} accepted in {_ROUNDS} rounds")
    print(f"  all together take {ratio:.1f} times as long as one (the best round)")
    print(f"  threads of the process: {threads}")
    is_missed = accepted < _CALLS * _ROUNDS or ratio > _RATIO or threads > _THREADS
    if is_missed:
        print(f"Missed: all accepted, at most {_RATIO:.0f} times as long, {_THREADS} threads.")
    return 1 if is_missed else 0


class _Round(NamedTuple):
    accepted: int
    ratio: float
    threads: int


async def _measure(stage: Stage) -> list[_Round]:
    sender = OpenLoop(stage.port(ONE_WORKER))
    pid, request = stage.pids[ONE_WORKER.key], call(stage.token, method="wait")
    # Opens the connections, and has the process read the signing keys.
    await sender.send_at_once(request, _CALLS)
    rounds = []
    for _ in range(_ROUNDS):
        (one,) = await sender.send_at_once(request, 1)
        sending = asyncio.ensure_future(sender.send_at_once(request, _CALLS))
        await asyncio.sleep(WAIT_SECONDS)
        running = most_threads(pid)
        many = await sending
        ratio = max(sample.milliseconds for sample in many) / one.milliseconds
        rounds.append(_Round(number_ok(many), ratio, running))
    sender.close()
    return rounds
