"""Measure a fleet of one size, and print the costs as JSON.

The environment names Azure and the database.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import requests
from django.core.management import call_command
from django.db import connection

from benchmarks.sync.apply import apply_all
from benchmarks.sync.results import Cost, Fleet
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed

# Applying to a larger fleet takes minutes and adds no information.
MOST_APPLIED = 1_000


def main(size: int) -> Fleet:
    """Create a fleet of that size, and measure each command on it."""
    costs: dict[str, Cost] = {}

    def measure(name: str, work: Callable[[], object]) -> None:
        with counted() as count:
            began, cpu = time.perf_counter(), time.process_time()
            work()
            costs[name] = Cost(
                time.perf_counter() - began, time.process_time() - cpu, queries=count()
            )

    with database():
        # Warms up: the token, and what the SDKs load on first use.
        run("import_instances", "--subscription", seed.SUBSCRIPTION_ID)
        create_fleet(size)
        measure("import", lambda: run("import_instances"))
        measure("import again", lambda: run("import_instances"))
        measure("plan, nothing to do", lambda: run("plan"))
        measure("drift, none", lambda: run("drift"))
        set_identities()
        measure("plan, every instance changes", lambda: run("plan"))
        measure("drift, every instance", lambda: run("drift"))
        if size <= MOST_APPLIED:
            measure("apply", apply_all)
    return Fleet(size, costs)


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
        call_command(*arguments, stdout=io.StringIO())


def create_fleet(size: int) -> None:
    """Create that many instances with two templates each in ten resource groups of Local Azure."""
    templates = [
        {"urlTemplate": f"https://receiver.example/{{hub}}/{number}", "hubPattern": f"hub{number}"}
        for number in range(2)
    ]
    instances = [
        {
            "name": f"bench-{number:05}",
            "resourceGroup": f"rg-bench-{number % 10}",
            "properties": {"upstream": {"templates": templates}},
        }
        for number in range(size)
    ]
    control("seed", {"instances": instances})
    control("operations", {"seconds": 0, "retryAfter": None})


def control(path: str, body: object) -> None:
    """Send a control request to Local Azure. Raises requests.HTTPError if it refuses."""
    url = f"{os.environ['SIGNALMAN_ARM_ENDPOINT']}/_local/{path}"
    requests.post(url, json=body, timeout=60).raise_for_status()


def set_identities() -> None:
    """Set policy and desired identity of every instance: manage, system-assigned."""
    SignalRInstance.objects.update(policy=SignalRInstance.Policy.MANAGE)
    ManagedIdentity.objects.update(type=ManagedIdentity.Type.SYSTEM_ASSIGNED)


if __name__ == "__main__":
    json.dump(asdict(main(int(sys.argv[1]))), sys.stdout)
