"""Rotations of Entra's signing keys under load, and invented key IDs whose other claims fit.

Tokens are requested as they are sent, so that those after a rotation have the new key.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from benchmarks.receiver import messages
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.messages import call
from benchmarks.receiver.open_loop import OpenLoop, Sample
from benchmarks.receiver.stage import INSTANCE, RESOURCE, Stage
from benchmarks.receiver.traffic import OK, number_ok, shown
from validation.keys.key_ring import Timing

_KNOWN_A_SECOND: Final = 50
_FRESH_A_SECOND: Final = 20
_INVENTED_A_SECOND: Final = 50
# Of a minute: when the keys are rotated.
_ROTATIONS: Final = (0.2, 0.5)
# How long valid requests may be refused after a rotation.
_LOST_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Moment:
    """When a request was sent, and its status."""

    at: float
    status: int


def run(stage: Stage, seconds: float) -> int:
    """Measure, print, and return 0 where every target was met, else 1."""
    missed = []
    kinds = messages.named(stage.token, "invented key IDs, claims that fit").requests
    for name, invented in (
        ("no invented key ID", []),
        ("one invented key ID", kinds[:1]),
        ("invented key IDs, each another", kinds),
    ):
        missed += _measure(stage, name, invented, seconds)
    for target in missed:
        print(f"Missed: {target}")
    return 1 if missed else 0


def _measure(stage: Stage, name: str, invented: Sequence[bytes], seconds: float) -> list[str]:
    before = _readings(stage)
    known, fresh, forged = asyncio.run(_send(stage, invented, seconds))
    readings = _readings(stage) - before
    lost = _longest_loss(fresh)
    allowed = len(_ROTATIONS) + _readings_allowed(name, seconds)
    refused = [moment for moment in fresh if moment.status != OK]
    print(f"{name}: two rotations in {seconds:.0f} s")
    print(f"  verified tokens: {number_ok(known):,} of {len(known):,} accepted")
    print(f"  fresh tokens: {len(fresh) - len(refused):,} of {len(fresh):,} accepted; "
          f"refused for {lost:.1f} s at most")  # fmt: skip
    print(f"  invented: {shown(forged) or 'none'}")
    print(f"  readings of Entra's keys: {readings}, at most {allowed}", flush=True)
    missed = []
    if number_ok(known) < len(known):
        missed.append(f"{name}: {len(known) - number_ok(known)} verified tokens were refused.")
    if lost > _LOST_SECONDS:
        missed.append(f"{name}: fresh tokens were refused for {lost:.1f} s.")
    if readings > allowed:
        missed.append(f"{name}: {readings} readings.")
    return missed


def _readings_allowed(name: str, seconds: float) -> int:
    """Return how many readings invented key IDs may cause: all processes together.

    One key ID's back-off doubles from a second; for any key IDs there are seconds in between.
    """
    if name.startswith("no "):
        return 0
    paced = math.ceil(seconds / Timing.pacing) + 1
    return min(paced, math.ceil(math.log2(seconds + 1)) + 1) if name.startswith("one ") else paced


async def _send(
    stage: Stage, invented: Sequence[bytes], seconds: float
) -> tuple[list[Sample], list[Moment], list[Sample]]:
    port = stage.port(RECEIVER)
    rate = _INVENTED_A_SECOND if invented else 0
    with ThreadPoolExecutor(8) as threads:
        known, fresh, forged, _ = await asyncio.gather(
            OpenLoop(port).send([call(stage.token)], _KNOWN_A_SECOND, seconds),
            _fresh(stage, port, threads, seconds),
            OpenLoop(port).send(invented, rate, seconds),
            _rotate(stage, threads, seconds),
        )
    return known, fresh, forged


async def _rotate(stage: Stage, threads: ThreadPoolExecutor, seconds: float) -> None:
    loop, began = asyncio.get_running_loop(), time.monotonic()
    for part in _ROTATIONS:
        await asyncio.sleep(began + part * seconds - time.monotonic())
        await loop.run_in_executor(threads, stage.azure.post, "/_local/keys/rotate", {})


async def _fresh(
    stage: Stage, port: int, threads: ThreadPoolExecutor, seconds: float
) -> list[Moment]:
    """Request a token for each request, and send it as soon as it is there."""
    sender, loop, began = OpenLoop(port), asyncio.get_running_loop(), time.monotonic()

    async def one() -> Moment:
        token = await loop.run_in_executor(threads, stage.azure.token, INSTANCE, RESOURCE)
        sent = time.monotonic() - began
        (sample,) = await sender.send_at_once(call(token), 1)
        return Moment(sent, sample.status)

    tasks = []
    for number in range(int(_FRESH_A_SECOND * seconds)):
        await asyncio.sleep(max(0.0, began + number / _FRESH_A_SECOND - time.monotonic()))
        tasks.append(asyncio.ensure_future(one()))
    moments = sorted(await asyncio.gather(*tasks), key=lambda moment: moment.at)
    sender.close()
    return moments


def _longest_loss(moments: Sequence[Moment]) -> float:
    """Return the longest time from a refused request until the next that was accepted."""
    longest, since = 0.0, None
    for moment in moments:
        if moment.status == OK:
            since = None
        else:
            since = moment.at if since is None else since
            longest = max(longest, moment.at - since)
    return longest


def _readings(stage: Stage) -> int:
    return sum("discovery" in each["path"] for each in stage.azure.requests())
