"""The run: everything is started, troubles come one after another, and the sums are compared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from examples.demo.processes import free_port
from tests.deploy.proxy import repository_nginx
from tests.shape.applies import AcceptedWrites, Applies, sums_of_applies
from tests.shape.site import Site, manage, site
from tests.shape.sums import NOTE_COUNTS, compare, recorded
from tests.shape.traffic import Traffic
from tests.shape.troubles import Deployment, troubles
from tests.shape.units import Unit
from tests.shape.witness import lines

INSTANCES: Final = 6
# Requests a second: valid and hostile.
RATES: Final = (20, 10)
_LEASE_SECONDS: Final = 10
_PAUSE_SECONDS: Final = 1.0
_END_SECONDS: Final = 180.0


def run(folder: Path, minutes: float) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """Let every trouble come at least once, and again until the minutes are over.

    Returns the sums, what went wrong, and the stores' versions.
    """
    witness = folder / "witness.jsonl"
    with ExitStack() as stack:
        found = stack.enter_context(site(folder, INSTANCES, is_stored=True, **_settings(witness)))
        with psycopg.connect(found.postgres.url) as connection:
            connection.execute(NOTE_COUNTS)
        found.azure.post("/_local/operations", {"polls": 1, "seconds": 1})
        deployment = stack.enter_context(_deployment(found))
        url, ca_file = deployment.proxy.url, folder / "nginx" / "ca.pem"
        traffic = Traffic(url, ca_file, found.azure, RATES)
        applies = Applies(url, found.token, found.names, found.postgres.url, verify=str(ca_file))
        writes = AcceptedWrites(found.azure)
        traffic.start()
        applies.start()
        came, left_out = _trouble(deployment, writes, minutes)
        traffic.stop()
        problems = _stop_applies(applies, found)
        for unit in deployment.units:
            unit.stop()
        of_applies, wrong_applies = sums_of_applies(found.postgres.url, applies.operations, writes)
        of_requests, wrong_requests = compare(
            traffic.sent,
            lines.read(witness),
            recorded(found.postgres.url),
            deployment.killed,
        )
        counts = {
            "troubles": came,
            "left_out": left_out,
            "processes_killed": deployment.kills,
            "requests": of_requests,
            "applies": of_applies | {"api_answers": _sorted(applies.answers)},
        }
        return counts, problems + wrong_applies + wrong_requests, found.versions


def _settings(witness: Path) -> dict[str, str]:
    """Return the variables of every process; receivers write what they did to `witness`."""
    return {
        "SIGNALMAN_APPS": "tests.shape.witness",
        "SIGNALMAN_HTTPS": "true",
        "SIGNALMAN_BEHIND_PROXY": "true",
        "SIGNALMAN_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SIGNALMAN_RECEIVER_HOSTS": "localhost,127.0.0.1",
        "SIGNALMAN_LEASE_SECONDS": str(_LEASE_SECONDS),
        "SIGNALMAN_SCHEDULE_SECONDS": "1",
        "SIGNALMAN_POLL_SECONDS": "0.5",
        "SIGNALMAN_API_REQUESTS_A_MINUTE": "100000",
        "SIGNALMAN_LOG_LEVEL": "WARNING",
        lines.VARIABLE: str(witness),
    }


def _trouble(
    deployment: Deployment, writes: AcceptedWrites, minutes: float
) -> tuple[int, list[str]]:
    """Let each trouble come; return how many came, and those that cannot be had here."""
    came, ends = 0, time.monotonic() + 60 * minutes
    left_out: set[str] = set()
    while not came or time.monotonic() < ends:
        for trouble in troubles(deployment):
            if trouble.act is None:
                left_out.add(trouble.name)
                continue
            print(time.strftime("%X"), trouble.name, flush=True)  # noqa: T201
            trouble.act()
            came += 1
            writes.collect()
            time.sleep(_PAUSE_SECONDS)
    return came, sorted(left_out)


def _stop_applies(applies: Applies, found: Site) -> list[str]:
    try:
        applies.stop(_END_SECONDS)
        manage(found.environment, "drift", *found.names)
    except AssertionError as error:
        return [str(error)]
    return []


@contextmanager
def _deployment(found: Site) -> Iterator[Deployment]:
    """Start every unit and nginx; ends all."""
    names = {"portal": "signalman-portal@", "receiver": "signalman-receiver@"}
    ports = {name: [free_port(), free_port()] for name in names}
    units = {
        name: [Unit(file, str(port), found.folder, found.environment) for port in ports[name]]
        for name, file in names.items()
    }
    workers = [
        Unit("signalman-worker@", number, found.folder, found.environment) for number in "12"
    ]
    scheduler = Unit("signalman-scheduler", "", found.folder, found.environment)
    folder = found.folder / "nginx"
    folder.mkdir()
    with ExitStack() as stack:
        proxy = stack.enter_context(repository_nginx(folder, ports["receiver"], ports["portal"]))
        by_name = {f"{name}@{port}": port for name in names for port in ports[name]}
        deployment = Deployment(
            found, proxy, units["portal"], units["receiver"], workers, scheduler, by_name
        )
        for unit in deployment.units:
            unit.start()
            stack.callback(unit.stop)
        for unit in (*deployment.portals, *deployment.receivers):
            deployment.wait_until_ready(unit)
        yield deployment


def _sorted(counter: Any) -> dict[str, int]:
    return {str(name): number for name, number in sorted(counter.items(), key=str)}
