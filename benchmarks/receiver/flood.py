"""The effect of floods of unauthenticated requests on valid requests and `/livez` (open loop).

Beside each flood, 100 requests a second carry a previously verified token, five a second a token
that the server has not seen, and five a second go to `/livez`. The first run and the last have no
flood, and are the baseline together: what else the machine does changes meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from benchmarks.receiver import messages
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.messages import call
from benchmarks.receiver.open_loop import OpenLoop, Sample, percentile, send
from benchmarks.receiver.stage import Stage
from benchmarks.receiver.traffic import Seen, number_fresh, send_valid, shown

_THOUSAND_A_SECOND: Final = (
    "junk tokens", "no token", "GET", "invented key IDs, claims that fit", "another audience",
)  # fmt: skip
_FORGED: Final = "copied claims, a wrong signature"

# Milliseconds, and times the p99 alone.
_SLOWEST: Final = 100.0
_P99_FACTOR: Final = 3.0


@dataclass(frozen=True)
class Flood:
    """Requests of one kind, their rate per second, and how many fresh tokens may be refused."""

    name: str
    requests: Sequence[bytes]
    rate: int
    may_refuse: int = 0


def run(stage: Stage, seconds: float) -> int:
    """Measure, print, and return 0 where every target was met, else 1."""
    port = stage.port(RECEIVER)
    asyncio.run(OpenLoop(port).send([call(stage.token)], 50, 2))
    alone = _valid(stage, port, seconds)
    beside = [(flood, *_beside(stage, port, flood, seconds)) for flood in _floods(stage.token)]
    alone += _valid(stage, port, seconds)
    print("| flood | requests/s | its responses | fresh tokens accepted | slowest, ms | known p50 "
          "| known p99 | to alone | /livez slowest |")  # fmt: skip
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|")
    print(_row("none", alone, [], seconds, alone))
    missed = []
    for flood, seen, sent in beside:
        print(_row(flood.name, seen, sent, seconds, alone))
        missed += _missed(flood, seen, alone)
    for target in missed:
        print(f"Missed: {target}")
    return 1 if missed else 0


def _beside(stage: Stage, port: int, flood: Flood, seconds: float) -> tuple[Seen, list[Sample]]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        sent = processes.submit(send, port, flood.requests, flood.rate, seconds + 2)
        return _valid(stage, port, seconds), sent.result()


def _valid(stage: Stage, port: int, seconds: float) -> Seen:
    tokens = stage.fresh_tokens(number_fresh(seconds))
    # The flood's process needs a moment to start.
    time.sleep(2)
    return asyncio.run(send_valid(port, stage.token, tokens, seconds))


def _floods(token: str) -> list[Flood]:
    kinds = {kind.name: kind.requests for kind in messages.refused(token)}
    return [
        *(Flood(name, kinds[name], 1000) for name in _THOUSAND_A_SECOND),
        Flood(_FORGED, kinds[_FORGED], 500, may_refuse=1),
    ]


def _missed(flood: Flood, seen: Seen, alone: Seen) -> list[str]:
    found = []
    if seen.accepted < len(seen.fresh) - flood.may_refuse:
        found.append(f"{flood.name}: {seen.accepted} of {len(seen.fresh)} fresh tokens accepted.")
    if max(sample.milliseconds for sample in seen.fresh) > _SLOWEST:
        found.append(f"{flood.name}: a fresh token took over {_SLOWEST:.0f} ms.")
    if percentile(seen.known, 0.99) > _P99_FACTOR * percentile(alone.known, 0.99):
        found.append(f"{flood.name}: the verified token's p99 is over {_P99_FACTOR} times alone.")
    if max(sample.milliseconds for sample in seen.livez) > _SLOWEST:
        found.append(f"{flood.name}: /livez took over {_SLOWEST:.0f} ms.")
    return found


def _row(name: str, seen: Seen, sent: list[Sample], seconds: float, alone: Seen) -> str:
    p99, p99_alone = percentile(seen.known, 0.99), percentile(alone.known, 0.99)
    cells = [
        name, f"{len(sent) / (seconds + 2):,.0f}", shown(sent),
        f"{seen.accepted} of {len(seen.fresh)}",
        f"{max(each.milliseconds for each in seen.fresh):.0f}",
        f"{percentile(seen.known, 0.5):.1f}", f"{p99:.1f}", f"{p99 / p99_alone:.1f}",
        f"{max(each.milliseconds for each in seen.livez):.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"
