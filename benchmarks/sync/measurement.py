"""Measure a fleet of one size, and print the costs as JSON.

The environment names Azure and the database.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import TextIOBase
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from benchmarks.sync import azure
from benchmarks.sync.apply import apply_all, planned, start_all
from benchmarks.sync.results import APPLY, IMPORT, PLAN, ROWS, SDK_LIST, START, Cost, Fleet
from benchmarks.sync.rows import write_again
from config.garbage_collection import collect_less_often, keep_loaded_code
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed

_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


class Nowhere(TextIOBase):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        """Drop the text."""
        return len(text)


def main(size: int, most_applied: int) -> Fleet:
    """Create a fleet of that size, and measure each command on it."""
    costs: dict[str, Cost] = {}

    def measure(name: str, work: Callable[[], object]) -> None:
        # A command is a process, in which the collector has counted nothing yet.
        gc.collect()
        with counted() as count:
            forget_peak()
            began, cpu = time.perf_counter(), time.process_time()
            work()
            seconds, used = time.perf_counter() - began, time.process_time() - cpu
            costs[name] = Cost(seconds, used, queries=count(), peak=peak())

    with database():
        # Warms up: the token, and what the SDKs load on first use.
        run("import_instances", "--subscription", seed.SUBSCRIPTION_ID)
        azure.list_by_sdk()
        azure.create_fleet(size)
        # As `manage.py` does.
        collect_less_often()
        keep_loaded_code()
        measure(SDK_LIST, azure.list_by_sdk)
        measure(IMPORT, lambda: run("import_instances"))
        measure("import again", lambda: run("import_instances"))
        measure(PLAN, lambda: run("plan"))
        measure("drift, none", lambda: run("drift"))
        set_identities()
        measure("plan, every instance changes", lambda: run("plan"))
        measure("plan --json", lambda: run("plan", "--json"))
        measure("drift, every instance", lambda: run("drift"))
        measure("drift --json", lambda: run("drift", "--json"))
        requests, throttled = {}, 0
        if size <= most_applied:
            azure.enforce_limits(enforced=True)
            shown = planned()
            measure(START, lambda: start_all(shown))
            measure(APPLY, apply_all)
            sent, throttled = azure.requests_sent()
            requests = {kind: number / len(shown) for kind, number in sent.most_common()}
            azure.enforce_limits(enforced=False)
        measure(ROWS, write_again())
    return Fleet(size, costs, requests, throttled)


def forget_peak() -> None:
    """Reset the peak of the resident memory."""
    # "This value is reset to the current": proc(5), /proc/pid/clear_refs.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Return the peak of the resident memory in MB; 0 where the system does not tell it."""
    with contextlib.suppress(OSError):
        found = _PEAK.search(Path("/proc/self/status").read_text())
        return int(found[1]) / 1000 if found else 0.0
    return 0.0


@contextlib.contextmanager
def database() -> Iterator[None]:
    """An empty database: the configured SQLite file, or a new database on the server."""
    if connection.vendor == "sqlite":
        call_command("migrate", verbosity=0)
        yield
        return
    own = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=None)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(own, verbosity=0)


@contextlib.contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """Count the queries of this thread, without those of other threads."""
    total = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal total
        total += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        yield lambda: total


def run(*arguments: str) -> None:
    """Run a management command, whatever its exit code."""
    with contextlib.suppress(SystemExit):
        call_command(*arguments, stdout=Nowhere())


def set_identities() -> None:
    """Set policy and desired identity of every instance: manage, system-assigned."""
    SignalRInstance.objects.update(policy=SignalRInstance.Policy.MANAGE)
    ManagedIdentity.objects.update(type=ManagedIdentity.Type.SYSTEM_ASSIGNED)


if __name__ == "__main__":
    json.dump(asdict(main(int(sys.argv[1]), int(sys.argv[2]))), sys.stdout)
