"""The campaign: workers apply, and one that holds a claim is killed, again and again."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import psycopg

from examples.demo.processes import free_port
from tests.cloud import REPOSITORY
from tests.deploy.test_processes import wait_until_ready
from tests.faults import faults
from tests.shape.applies import AcceptedWrites, Applies, sums_of_applies
from tests.shape.site import Site, manage, site
from tests.shape.units import Unit
from tests.waits import PATIENCE_SECONDS, wait_until

# A call of Azure takes that long, so that most kills come within one.
CALL_SECONDS: Final = 0.15
# Longer than a stage takes on a busy machine: a lease that ends is a worker that was lost.
LEASE_SECONDS: Final = 20
# Between two readings of Azure's record, in kills: some hundreds of requests.
_COLLECT_EVERY: Final = 10
# From the last kill until all operations have ended.
_END_SECONDS: Final = 600.0
_CLAIMS: Final = """
    SELECT operation.id, lease_owner, coalesce(
        (SELECT step.state FROM sync_operationstep step WHERE operation_id = operation.id
         AND step.state <> 'done' ORDER BY position LIMIT 1), 'done')
    FROM sync_operation operation WHERE lease_owner <> '' AND lease_until > now()
"""
_ENDED: Final = """
    SELECT (SELECT count(*) FROM sync_operation WHERE finished_at IS NOT NULL)
        + (SELECT count(*) FROM sync_operationstep WHERE state = 'done')
"""


@dataclass(frozen=True)
class Options:
    """The numbers of kills, workers and instances, and the seed of the random choices."""

    kills: int
    seed: int
    workers: int = 4
    instances: int = 24
    # The mean number of steps and operations that end between two kills. By time instead, a slow
    # machine would kill ten workers in a row at one stage, which ends the operation.
    progress: int = 3
    # Ends with fewer kills then.
    minutes: float = math.inf


@dataclass
class Kills:
    """Counts of the kills."""

    kills: int = 0
    # The worker had finished its stage in the moment before it was killed.
    kills_without_a_claim: int = 0
    claims_interrupted: int = 0
    # The step's recorded state: pending before its write, sending during it, polling after it, and
    # done before the last read.
    interrupted_while: Counter[str] = field(default_factory=Counter)
    operations_interrupted: set[str] = field(default_factory=set)


class Workers:
    """Workers by number, each a process; a killed one is replaced."""

    def __init__(self, running: Site) -> None:
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.forks", str(running.folder)],
            cwd=REPOSITORY,
            env=running.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"
        self.pids: dict[int, int] = {}

    def start(self, number: int) -> None:
        """Start a worker."""
        assert self._forks.stdin
        self._forks.stdin.write(f"{number}\n")
        self._forks.stdin.flush()
        self.pids[int(self._read())] = number

    def kill(self, pid: int) -> None:
        """Kill that process, and wait until it has ended."""
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        wait_until(lambda: not _is_running(pid), "A killed worker does not end.")

    def close(self) -> None:
        """Kill all."""
        for pid in self.pids:
            self.kill(pid)
        assert self._forks.stdin
        self._forks.stdin.close()
        self._forks.wait(PATIENCE_SECONDS)

    def _read(self) -> str:
        assert self._forks.stdout
        line: str = self._forks.stdout.readline()
        return line.strip()


def run(folder: Path, options: Options) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """Run the campaign; return its counts, what went wrong, and the stores' versions."""
    settings = {
        "SIGNALMAN_LEASE_SECONDS": str(LEASE_SECONDS),
        "SIGNALMAN_SCHEDULE_SECONDS": "0.5",
        "SIGNALMAN_POLL_SECONDS": "0.2",
        # Azure's limits would leave the workers idle for most of the time.
        "SIGNALMAN_WRITE_BURST": "100000",
        "SIGNALMAN_READ_BURST": "100000",
        "SIGNALMAN_API_REQUESTS_A_MINUTE": "1000000",
        "SIGNALMAN_LOG_LEVEL": "WARNING",
    }
    began = time.monotonic()
    with ExitStack() as stack:
        running = stack.enter_context(site(folder, options.instances, is_stored=False, **settings))
        running.azure.post("/_local/operations", {"polls": 1, "seconds": 1})
        slow = {"path": faults.INSTANCES, "times": None, "delay": CALL_SECONDS}
        running.azure.post("/_local/faults", [slow])
        workers = Workers(running)
        stack.callback(workers.close)
        for number in range(options.workers):
            workers.start(number)
        port = stack.enter_context(_portal_and_schedule(running))
        url, database = f"http://127.0.0.1:{port}", running.postgres.url
        applies = Applies(url, running.token, running.names, database, verify=True)
        writes = AcceptedWrites(running.azure)
        applies.start()
        kills = _kill(applies, workers, writes, options)
        problems = _problems_at_the_end(running, applies)
        sums, found = sums_of_applies(database, applies.operations, writes)
        counts = _counts(options, kills, time.monotonic() - began)
        counts |= sums | {"stuck": len(applies.running)}
        return counts, problems + found, running.versions


def _problems_at_the_end(running: Site, applies: Applies) -> list[str]:
    """Wait until all operations have ended, and compare the fleet with Azure."""
    try:
        applies.stop(_END_SECONDS)
        manage(running.environment, "drift", *running.names)
    except AssertionError as error:
        return [str(error)]
    return [f"A claim remains: {claim}" for claim in _claims(running.postgres.url)]


def _kill(applies: Applies, workers: Workers, writes: AcceptedWrites, options: Options) -> Kills:
    """Kill workers that hold claims, at random moments."""
    database = applies.database
    random, kills = Random(options.seed), Kills()  # noqa: S311  # reproducible
    deadline = time.monotonic() + 60 * options.minutes
    while kills.kills < options.kills and time.monotonic() < deadline:
        ended = _progress(database) + random.randint(1, 2 * options.progress - 1)
        wait_until(partial(_has_ended, applies, database, ended), "No operation makes progress.")
        time.sleep(random.uniform(0, 2 * CALL_SECONDS))
        owners = {_pid(owner) for _, owner, _ in _claims(database)} & workers.pids.keys()
        if not owners:
            continue
        pid = random.choice(sorted(owners))
        workers.kill(pid)
        # No one else takes them before the end of their leases.
        interrupted = [claim for claim in _claims(database) if _pid(claim[1]) == pid]
        workers.start(workers.pids.pop(pid))
        if not interrupted:
            kills.kills_without_a_claim += 1
            continue
        kills.kills += 1
        kills.claims_interrupted += len(interrupted)
        kills.interrupted_while.update(state for _, _, state in interrupted)
        kills.operations_interrupted.update(str(pk) for pk, _, _ in interrupted)
        if not kills.kills % _COLLECT_EVERY:
            writes.collect()
            took = time.strftime("%X")
            print(took, kills.kills, dict(kills.interrupted_while), flush=True)  # noqa: T201
    return kills


def _progress(database: str) -> int:
    """Return how many steps and operations have ended."""
    with psycopg.connect(database) as connection:
        row = connection.execute(_ENDED).fetchone()
    return int(row[0]) if row else 0


def _has_ended(applies: Applies, database: str, number: int) -> bool:
    if applies.error is not None:
        raise applies.error
    return _progress(database) >= number


def _claims(database: str) -> list[tuple[Any, str, str]]:
    with psycopg.connect(database) as connection:
        return connection.execute(_CLAIMS).fetchall()


def _pid(owner: str) -> int:
    return int(owner.split(":")[1])


@contextmanager
def _portal_and_schedule(running: Site) -> Iterator[int]:
    """Run a portal and the scheduler, as their units do; give the portal's port."""
    port = free_port()
    units = [
        Unit("signalman-portal@", str(port), running.folder, running.environment),
        Unit("signalman-scheduler", "", running.folder, running.environment),
    ]
    for unit in units:
        unit.start()
    try:
        wait_until_ready(port, "portal")
        yield port
    finally:
        for unit in units:
            unit.stop()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _counts(options: Options, kills: Kills, seconds: float) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "workers": options.workers,
        "instances": options.instances,
        "seconds": round(seconds),
        "kills": kills.kills,
        "kills_without_a_claim": kills.kills_without_a_claim,
        "claims_interrupted": kills.claims_interrupted,
        "interrupted_while": dict(sorted(kills.interrupted_while.items())),
        "operations_interrupted": len(kills.operations_interrupted),
    }
