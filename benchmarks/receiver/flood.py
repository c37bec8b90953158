"""What a flood of invented key ids costs the valid requests that come with it.

Anybody may send tokens whose header names a key that nobody published, and refusing them takes time
of the machine as any request does. What may not happen is that they take more of it than requests
which are answered: by reading keys anew, by making others wait for a lock, or by filling what is
remembered. So valid requests are sent beside other valid ones, and beside as busy a flood, in
turns: those beside the flood may not be slower. And afterwards they must be as quick as before.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.receiver import load
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.load import Measure, Stream
from benchmarks.receiver.stage import PATH, Stage

# How much slower valid requests may be, at most.
_TARGET: Final = 1.10
_ROUNDS: Final = 8
_SECONDS: Final = 4.0
# Of each of two streams.
_CONNECTIONS: Final = 8
_KEYS: Final = "/discovery/keys"
# How often each of the two processes may read the keys: when it starts, and once in the cool-down.
_READINGS: Final = 2 * 2


def run(stage: Stage, number: int) -> int:
    """Measure, print, and return 0 where the flood slowed nobody and moved nothing, else 1."""
    before = _readings(stage)
    floods = list(_write_floods(stage, number))
    first = _alone(stage)
    beside: list[tuple[Measure, Measure]] = []
    sent = 0
    for flood in floods:
        calm, _ = _together(stage, Stream(stage.requests, _CONNECTIONS))
        flooded, refused = _together(stage, Stream(flood, _CONNECTIONS, is_refused=True))
        beside.append((calm, flooded))
        sent += refused.requests
    last = _alone(stage)
    readings = _readings(stage) - before
    print("| valid requests | requests/s | p50, ms | p99, ms |\n|---|---:|---:|---:|")
    _print("alone", [first])
    _print("beside as many valid ones", [calm for calm, _ in beside])
    _print("beside a flood of invented key ids", [flooded for _, flooded in beside])
    _print("alone again", [last])
    slower = median(calm.requests_a_second / flooded.requests_a_second for calm, flooded in beside)
    later = median(flooded.p50 / calm.p50 for calm, flooded in beside)
    left = first.requests_a_second / last.requests_a_second
    print(f"Beside the flood: {slower:.2f} times the time of a request, {later:.2f} times its p50.")
    print(f"Alone, after the flood: {left:.2f} times the time of a request before it.")
    print(
        f"{sent:,} invented key ids were refused; keys were read {readings} times by 2 processes."
    )
    return 0 if max(slower, later, left) <= _TARGET and readings <= _READINGS else 1


def _alone(stage: Stage) -> Measure:
    stage.measure(RECEIVER, _SECONDS)
    return stage.measure(RECEIVER, 2 * _SECONDS)


def _together(stage: Stage, other: Stream) -> tuple[Measure, Measure]:
    """Return what valid requests saw, and what the other stream did meanwhile."""
    url, pid = stage.addresses[RECEIVER.key], stage.pids[RECEIVER.key]

    def send(stream: Stream, seconds: float) -> Measure:
        return load.run(stage.programs, url, pid, stream, seconds)

    with ThreadPoolExecutor(2) as threads:
        # The other stream goes on a little longer: it has to be there all the time.
        theirs = threads.submit(send, other, _SECONDS + 1)
        ours = threads.submit(send, Stream(stage.requests, _CONNECTIONS), _SECONDS)
        return ours.result(), theirs.result()


def _write_floods(stage: Stage, number: int) -> Iterator[Path]:
    """Write each round's requests: tokens that differ in the key id alone, the dearest kind."""
    tokens = _invented(stage.token)
    for turn in range(_ROUNDS):
        file = stage.programs.folder / f"flood-{turn}"
        each = -(-number // _ROUNDS)
        load.write_requests(file, PATH, list(islice(tokens, each)), each)
        yield file


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
