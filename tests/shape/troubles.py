"""Failures of one part after another while the traffic and the applies run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.config.serving.test_parent_process import children, web_workers
from tests.deploy.proxy import Proxy
from tests.deploy.test_processes import wait_until_ready
from tests.shape.site import Site
from tests.shape.units import Unit
from tests.waits import wait_until

# How long a store is away, and its clients meet that.
_AWAY_SECONDS: Final = 4
_ENTRA: Final = "discovery|openid-configuration|oauth2"
_CLOCK_SECONDS: Final = 90
_AFTERWARDS_SECONDS: Final = 1


@dataclass
class Deployment:
    """The running processes. `killed` are web processes that ended without a chance to write."""

    site: Site
    proxy: Proxy
    portals: list[Unit]
    receivers: list[Unit]
    workers: list[Unit]
    scheduler: Unit
    ports: dict[str, int]
    killed: set[int] = field(default_factory=set)
    kills: int = 0

    @property
    def units(self) -> list[Unit]:
        """All units."""
        return [*self.portals, *self.receivers, *self.workers, self.scheduler]

    def wait_until_ready(self, unit: Unit) -> None:
        """Wait until a web process answers that it is ready."""
        wait_until_ready(self.ports[unit.name], unit.name.partition("@")[0])


@dataclass(frozen=True)
class Trouble:
    """One thing that fails and is repaired by `act`; None where it cannot be done here."""

    name: str
    act: Callable[[], None] | None


def troubles(deployment: Deployment) -> Iterator[Trouble]:
    """Yield each trouble once."""
    site = deployment.site
    yield Trouble("Entra's keys are rotated", lambda: _rotate(deployment))
    for web in (deployment.portals, deployment.receivers):
        yield Trouble(
            f"{web[0].name}: its worker is killed", _bound(_kill_worker, deployment, web[0])
        )
        yield Trouble(
            f"{web[1].name}: the server is killed", _bound(_kill_server, deployment, web[1])
        )
    for unit in (*deployment.workers, deployment.scheduler):
        yield Trouble(f"{unit.name} is killed", _bound(_kill_unit, deployment, unit))
    yield Trouble("nginx: its workers are killed", lambda: _kill_nginx_workers(deployment))
    yield Trouble("PostgreSQL is restarted", lambda: _away(site.postgres.stop, site.postgres.start))
    yield Trouble("PostgreSQL is killed", lambda: _away(site.postgres.kill, site.postgres.start))
    yield Trouble("Redis is restarted", lambda: _away(site.redis.stop, site.redis.start))
    yield Trouble("Redis is killed, and empty", lambda: _away(site.redis.kill, site.redis.start))
    yield Trouble(
        "the queue's disk is full", lambda: _away(site.redis.fill_disk, site.redis.free_disk)
    )
    yield Trouble("Entra is away, and rotates its keys", lambda: _entra_away(deployment))
    for unit in (deployment.receivers[1], deployment.workers[1]):
        act = _bound(_wrong_clock, deployment, unit) if shutil.which("cc") else None
        yield Trouble(f"{unit.name}: its clock is 90 s ahead", act)


def _bound(
    act: Callable[[Deployment, Unit], None], found: Deployment, unit: Unit
) -> Callable[[], None]:
    return lambda: act(found, unit)


def _rotate(deployment: Deployment) -> None:
    deployment.site.azure.post("/_local/keys/rotate")
    time.sleep(_AWAY_SECONDS)


def _kill_worker(deployment: Deployment, unit: Unit) -> None:
    """Kill granian's worker: granian starts another."""
    before = web_workers(unit.pid)
    deployment.killed |= before
    deployment.kills += 1
    for pid in before:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: web_workers(unit.pid) - before, f"{unit.name}: no worker starts.")
    deployment.wait_until_ready(unit)


def _kill_server(deployment: Deployment, unit: Unit) -> None:
    """Kill granian: systemd ends its worker and starts it again."""
    deployment.killed |= web_workers(unit.pid)
    _kill_unit(deployment, unit)
    deployment.wait_until_ready(unit)


def _kill_unit(deployment: Deployment, unit: Unit) -> None:
    lives = len(unit.lives)
    deployment.kills += 1
    unit.kill()
    wait_until(lambda: len(unit.lives) > lives, f"{unit.name} is not started again.")


def _kill_nginx_workers(deployment: Deployment) -> None:
    """Kill nginx's workers: its master starts others."""
    master = deployment.proxy.process.pid
    before = children(master)
    deployment.kills += len(before)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: children(master) - before, "nginx starts no worker.")


def _restart(deployment: Deployment, unit: Unit, **environment: str) -> None:
    """End a process with SIGTERM, as a release does, and start it again."""
    unit.stop()
    unit.start(**environment)
    if unit.name in deployment.ports:
        deployment.wait_until_ready(unit)


def _away(stop: Callable[[], None], start: Callable[[], None]) -> None:
    stop()
    time.sleep(_AWAY_SECONDS)
    start()


def _entra_away(deployment: Deployment) -> None:
    azure = deployment.site.azure
    azure.post("/_local/faults", [{"path": _ENTRA, "times": None, "drop": True}])
    azure.post("/_local/keys/rotate")
    time.sleep(2 * _AWAY_SECONDS)
    azure.delete("/_local/faults")


def _wrong_clock(deployment: Deployment, unit: Unit) -> None:
    """Let a process run with a clock that is ahead for a while. Its monotonic clock is right."""
    library = deployment.site.folder / "clock.so"
    if not library.exists():
        source = Path(__file__).with_name("clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)  # noqa: S607
    clock = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(_CLOCK_SECONDS)}
    _restart(deployment, unit, **clock)
    time.sleep(2 * _AWAY_SECONDS)
    _restart(deployment, unit)
