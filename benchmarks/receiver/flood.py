"""What a flood of invented key ids costs the valid requests that come with it.

Anybody may send tokens whose header names a key that nobody published. Valid requests are measured
alone and beside such a flood, in turns, over connections of their own: beside it they may take a
tenth more, and afterwards no more than before.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from statistics import median
from time import sleep
from typing import Final

from benchmarks.receiver import load
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.load import Measure, Stream
from benchmarks.receiver.stage import PATH, Stage

# How much slower valid requests may be, at most.
_TARGET: Final = 1.10
_SECONDS: Final = 10.0
# Of each of the two streams.
_CONNECTIONS: Final = 8
# As many requests as a round's flood has at most, each with a key id of its own.
_A_ROUND: Final = 2_000
_KEYS: Final = "/discovery/keys"
# How often each of the two processes may read the keys: when it starts, and once in the cool-down.
_READINGS: Final = 2 * 2


def run(stage: Stage, number: int) -> int:
    """Measure, print, and return 0 where the flood slowed nobody and moved nothing, else 1."""
    before = _readings(stage)
    tokens = _invented(stage.token)
    _valid(stage)
    alone: list[Measure] = []
    flooded: list[Measure] = []
    sent = 0
    while sent < number:
        alone.append(_valid(stage))
        measure, refused = _beside(stage, _flood(stage, tokens))
        flooded.append(measure)
        sent += refused.requests
        print(f"{sent:,} of {number:,}", flush=True)
    readings = _readings(stage) - before
    print("| valid requests | requests/s | p50, ms | p99, ms |\n|---|---:|---:|---:|")
    _print("alone", alone)
    _print("beside a flood of invented key ids", flooded)
    pairs = list(zip(alone, flooded, strict=True))
    slower = median(calm.requests_a_second / beside.requests_a_second for calm, beside in pairs)
    later = median(beside.p50 / calm.p50 for calm, beside in pairs)
    half = len(alone) // 2 or 1
    left = median(_rates(alone[:half])) / median(_rates(alone[half:] or alone))
    print(f"Beside the flood: {slower:.2f} times the time of a request, {later:.2f} times its p50.")
    print(f"Alone: {left:.2f} times in the second half of the run.")
    print(
        f"{sent:,} invented key ids were refused; keys were read {readings} times by 2 processes."
    )
    return 0 if max(slower, later, left) <= _TARGET and readings <= _READINGS else 1


def _rates(measures: Sequence[Measure]) -> list[float]:
    return [each.requests_a_second for each in measures]


def _valid(stage: Stage) -> Measure:
    return _send(stage, Stream(stage.requests, _CONNECTIONS), _SECONDS)


def _beside(stage: Stage, flood: Path) -> tuple[Measure, Measure]:
    """Return what valid requests saw, and what the flood did meanwhile."""
    with ThreadPoolExecutor(2) as threads:
        stream = Stream(flood, _CONNECTIONS, is_refused=True)
        # It goes on a little longer: it has to be there all the time.
        theirs = threads.submit(_send, stage, stream, _SECONDS + 2)
        sleep(1)
        ours = threads.submit(_valid, stage)
        return ours.result(), theirs.result()


def _send(stage: Stage, stream: Stream, seconds: float) -> Measure:
    url, pid = stage.addresses[RECEIVER.key], stage.pids[RECEIVER.key]
    return load.run(stage.programs, url, pid, stream, seconds)


def _flood(stage: Stage, tokens: Iterator[str]) -> Path:
    """Write requests whose tokens differ from a valid one in the key id alone: the dearest kind."""
    file = stage.programs.folder / "flood"
    load.write_requests(file, PATH, list(islice(tokens, _A_ROUND)), _A_ROUND)
    return file


def _invented(token: str) -> Iterator[str]:
    _, payload, signature = token.split(".")
    while True:
        header = {"typ": "JWT", "alg": "RS256", "kid": secrets.token_urlsafe(20)}
        encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        yield f"{encoded}.{payload}.{signature}"


def _print(title: str, measures: list[Measure]) -> None:
    rate = median(each.requests_a_second for each in measures)
    p50, p99 = (median(getattr(each, name) for each in measures) for name in ("p50", "p99"))
    print(f"| {title} | {rate:,.0f} | {p50:.2f} | {p99:.1f} |")


def _readings(stage: Stage) -> int:
    return sum(_KEYS in request["path"] for request in stage.azure.requests())
