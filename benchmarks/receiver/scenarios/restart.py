"""Processes that have just started: valid requests of many instances beside a modest flood.

Each instance sends a token of its own, which no process has seen.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor
from http import HTTPStatus
from multiprocessing import get_context
from typing import Final

from benchmarks.receiver import messages
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.open_loop import OpenLoop, percentile, send
from benchmarks.receiver.senders import create_senders
from benchmarks.receiver.stage import Stage
from benchmarks.receiver.traffic import number_ok, shown

_INSTANCES: Final = 1_000
_VALID_A_SECOND: Final = 200
_HOSTILE_A_SECOND: Final = 200
# Of each kind of hostile request.
_VARIANTS: Final = 200


def run(stage: Stage, seconds: float) -> int:
    """Measure, print, and return 0 where every valid request was accepted, else 1."""
    requests = create_senders(stage, _INSTANCES)
    kinds = [kind.requests for kind in messages.refused(stage.token, _VARIANTS)]
    hostile = [kind[turn % len(kind)] for turn in range(_VARIANTS) for kind in kinds]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        # Its process starts before the server does.
        processes.submit(int).result()
        stage.start(RECEIVER)
        port = stage.port(RECEIVER)
        flood = processes.submit(send, port, hostile, _HOSTILE_A_SECOND, seconds)
        valid = asyncio.run(OpenLoop(port).send(requests, _VALID_A_SECOND, seconds))
        sent = flood.result()
    lost = [sample for sample in valid if sample.status != HTTPStatus.OK]
    print(f"Processes that have just started, {len(requests):,} instances with a token each:")
    print(f"  valid, {_VALID_A_SECOND} a second: {number_ok(valid):,} of {len(valid):,} accepted; "
          f"others: {shown(lost) or 'none'}")  # fmt: skip
    print(f"  p50 {percentile(valid, 0.5):,.0f} ms, slowest {percentile(valid, 1):,.0f} ms, "
          "the start of the processes included")  # fmt: skip
    print(f"  hostile, {_HOSTILE_A_SECOND} a second: {shown(sent)}")
    return 1 if lost else 0
