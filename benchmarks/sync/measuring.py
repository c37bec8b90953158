"""Measures one size of fleet, and prints the figures as JSON.

Azure and the database are what the environment says.
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

from benchmarks.sync.applying import apply_all
from benchmarks.sync.figures import Figure, Fleet
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed

# Minutes of work beyond this, and what grows shows before.
MOST_APPLIED = 1_000


def main(size: int) -> Fleet:
    """Plant a fleet of that size, and measure what is done to it."""
    figures: dict[str, Figure] = {}

    def measure(name: str, work: Callable[[], object]) -> None:
        with counted() as count:
            began, cpu = time.perf_counter(), time.process_time()
            work()
            figures[name] = Figure(
                time.perf_counter() - began, time.process_time() - cpu, queries=count()
            )

    with rows():
        # The token, and what the SDKs load when they are used first.
        run("import_instances", "--subscription", seed.SUBSCRIPTION_ID)
        plant(size)
        measure("import", lambda: run("import_instances"))
        measure("import again", lambda: run("import_instances"))
        measure("plan, nothing to do", lambda: run("plan"))
        measure("drift, none", lambda: run("drift"))
        want_identities()
        measure("plan, all to change", lambda: run("plan"))
        measure("drift, everywhere", lambda: run("drift"))
        if size <= MOST_APPLIED:
            measure("apply", apply_all)
    return Fleet(size, figures)


@contextlib.contextmanager
def rows() -> Iterator[None]:
    """An empty database: the SQLite file that is named, or a database of ours on the server."""
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
    """Count the queries of this thread: those of a pool of threads are not in it."""
    total = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal total
        total += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        yield lambda: total


def run(*arguments: str) -> None:
    """Run a management command; that there are changes is no failure."""
    with contextlib.suppress(SystemExit):
        call_command(*arguments, stdout=io.StringIO())


def plant(size: int) -> None:
    """Give Local Azure that many instances, each with two templates, in ten resource groups."""
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
    """Tell Local Azure something. Raises requests.HTTPError where it does not take it."""
    url = f"{os.environ['SIGNALMAN_ARM_ENDPOINT']}/_local/{path}"
    requests.post(url, json=body, timeout=60).raise_for_status()


def want_identities() -> None:
    """Manage every instance, and want a system-assigned identity of it."""
    SignalRInstance.objects.update(policy=SignalRInstance.Policy.MANAGE)
    ManagedIdentity.objects.update(type=ManagedIdentity.Type.SYSTEM_ASSIGNED)


if __name__ == "__main__":
    json.dump(asdict(main(int(sys.argv[1]))), sys.stdout)
