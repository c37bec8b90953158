"""Faults under load: slow clients, and services that accept connections and never answer.

While each fault lasts, and before and after it, valid requests and health checks are sent in an
open loop. PostgreSQL and Redis are real, behind forwarders that are frozen; Entra is frozen as a
process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import requests

from benchmarks.receiver import messages
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.open_loop import OpenLoop, Sample
from benchmarks.receiver.processes import descendants
from benchmarks.receiver.scenarios import proxy
from benchmarks.receiver.scenarios.services import Services
from benchmarks.receiver.scenarios.slow_clients import SlowClients, slow_bodies, slow_heads
from benchmarks.receiver.stage import Stage
from benchmarks.receiver.traffic import Seen, number_fresh, number_ok, send_valid, shown

_BEFORE_SECONDS: Final = 2.0
# From the end of a fault until `/readyz` is 200, at most.
_HEALTHY_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.25
_SLOW: Final = 400
_SILENT: Final = 1_100
# Of requests with an invented key ID, so that Entra is asked.
_INVENTED_A_SECOND: Final = 5
_HEADINGS: Final = (
    "fault", "/readyz during it", "valid requests accepted", "others", "slowest, ms",
    "/livez answered", "slowest, ms", "healthy after, s",
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One fault, active within a context, and the port that valid requests are sent to."""

    name: str
    active: Callable[[], AbstractContextManager[None]]
    port: int


@dataclass(frozen=True)
class Result:
    """The samples of one fault, the status of `/readyz`, and the seconds until it was 200 again."""

    fault: Fault
    seen: Seen
    readyz: int
    healthy_seconds: float

    @property
    def valid(self) -> list[Sample]:
        """The samples of valid requests."""
        return self.seen.fresh + self.seen.known

    @property
    def row(self) -> str:
        """A row of the table."""
        valid, livez = self.valid, self.seen.livez
        lost = [sample for sample in valid if sample.status != HTTPStatus.OK]
        cells = [
            self.fault.name, str(self.readyz), f"{number_ok(valid):,} of {len(valid):,}",
            shown(lost) or "none",
            f"{max(each.milliseconds for each in valid):,.0f}",
            f"{number_ok(livez)} of {len(livez)}",
            f"{max(each.milliseconds for each in livez):,.0f}", f"{self.healthy_seconds:.1f}",
        ]  # fmt: skip
        return "| " + " | ".join(cells) + " |"

    @property
    def missed(self) -> Iterator[str]:
        """The targets that were missed."""
        if number_ok(self.valid) < len(self.valid):
            yield f"{self.fault.name}: valid requests were lost."
        if number_ok(self.seen.livez) < len(self.seen.livez):
            yield f"{self.fault.name}: /livez was not answered."
        if self.healthy_seconds > _HEALTHY_SECONDS:
            yield f"{self.fault.name}: not healthy within {_HEALTHY_SECONDS:.0f} s after."


def run(stage: Stage, services: Services, seconds: float) -> int:
    """Measure each fault, print the table, and return 0 where every target was met, else 1."""
    print("| " + " | ".join(_HEADINGS) + " |\n|---" + "|---:" * (len(_HEADINGS) - 1) + "|")
    missed: list[str] = []
    for fault in faults(stage, services):
        found = measure(stage, fault, seconds)
        print(found.row, flush=True)
        missed += found.missed
    for target in missed:
        print(f"Missed: {target}")
    return 1 if missed else 0


def faults(stage: Stage, services: Services) -> Sequence[Fault]:
    """Return every fault; those that need nginx where it is installed."""
    port = stage.port(RECEIVER)
    bodies = SlowClients(port, slow_bodies(stage.token), _SLOW)
    found = [
        Fault("slow bodies", bodies.connected, port),
        Fault("slow heads", SlowClients(port, slow_heads(), _SLOW).connected, port),
        Fault("silent connections", SlowClients(port, [b""], _SILENT).connected, port),
        Fault("the database hangs", services.database.frozen, port),
        Fault("the cache hangs", services.cache.frozen, port),
        Fault("the broker hangs", services.broker.frozen, port),
        Fault("Entra hangs", lambda: _entra_frozen(stage), port),
    ]
    if not proxy.is_installed():
        print("nginx is not installed: the faults behind a proxy are left out.")
        return found
    behind = proxy.start(stage.programs, port)
    starts = [b"", *slow_heads(), *slow_bodies(stage.token)]
    return [
        *found,
        Fault("nginx: silent connections", SlowClients(behind, [b""], _SILENT).connected, behind),
        Fault("nginx: silent and slow", SlowClients(behind, starts, _SILENT).connected, behind),
    ]


def measure(
    stage: Stage, fault: Fault, seconds: float, *, after: float = _HEALTHY_SECONDS
) -> Result:
    """Send valid requests before, during and after a fault. Times are in seconds."""
    total = _BEFORE_SECONDS + seconds + after
    tokens = stage.fresh_tokens(number_fresh(total))
    with ThreadPoolExecutor(1) as thread:
        sending = thread.submit(
            lambda: asyncio.run(send_valid(fault.port, stage.token, tokens, total))
        )
        time.sleep(_BEFORE_SECONDS)
        port = stage.port(RECEIVER)
        with fault.active():
            began = time.monotonic()
            status = readyz(port)
            time.sleep(max(0.0, began + seconds - time.monotonic()))
        healthy = _seconds_until_ready(port)
        return Result(fault, sending.result(), status, healthy)


def _seconds_until_ready(port: int) -> float:
    """Return the seconds until `/readyz` is 200; a minute where it is not by then."""
    began = time.monotonic()
    while (taken := time.monotonic() - began) < 6 * _HEALTHY_SECONDS:
        if readyz(port) == HTTPStatus.OK:
            break
        time.sleep(_LOOK_SECONDS)
    return taken


def readyz(port: int) -> int:
    """Return the status of `/readyz`, or 0 where it is not answered. There is no worker here."""
    address = f"http://127.0.0.1:{port}/readyz?exclude=worker"
    try:
        return requests.get(address, timeout=2 * _HEALTHY_SECONDS).status_code
    except requests.RequestException:
        return 0


@contextmanager
def _entra_frozen(stage: Stage) -> Iterator[None]:
    """Stop Local Azure, and have invented key IDs cause readings of its keys."""
    invented = messages.named(stage.token, "invented key IDs, claims that fit").requests
    pids = descendants(stage.azure_pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    loop = OpenLoop(stage.port(RECEIVER))
    with ThreadPoolExecutor(1) as thread:
        sending = thread.submit(
            lambda: asyncio.run(loop.send_until_stopped(invented, _INVENTED_A_SECOND))
        )
        try:
            yield
        finally:
            loop.stop()
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            sending.result()
