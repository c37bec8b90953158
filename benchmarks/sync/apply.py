"""Applying all plans at once, each stage when it is due, as a worker with a thread pool does."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from threading import Barrier
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from identities.models import SignalRInstance
from sync.desired.shared_rows import with_shared_rows
from sync.models import Operation
from sync.operations.plans.fleet import start_applies
from sync.operations.plans.instance import plan_instance
from sync.operations.run import run_stage

THREADS = 8
# How long to wait for a stage to end before looking again for one that is due.
_LOOK_SECONDS = 0.05


def planned() -> list[tuple[SignalRInstance, str]]:
    """Return every instance with the digest of its plan."""
    return [
        (instance, plan_instance(instance, rows=rows).digest)
        for instance, rows in with_shared_rows(SignalRInstance.objects.with_desired())
    ]


def start_all(shown: Iterable[tuple[SignalRInstance, str]]) -> None:
    """Start an apply of every instance. Raises RuntimeError if one is refused."""
    started = start_applies(shown, actor=Actor("benchmark"))
    if started.refusals:
        raise RuntimeError(str(started.refusals[0].error))


def apply_all() -> None:
    """Run the stages of all operations until they have ended. Raises RuntimeError if one fails."""
    now = timezone.now()
    due = [(now, key) for key in Operation.objects.unfinished().values_list("pk", flat=True)]
    with ThreadPoolExecutor(THREADS) as workers:
        _run(due, workers)
        _close_connections(workers)
    failed = Operation.objects.exclude(state=Operation.State.SUCCEEDED).first()
    if failed is not None:
        raise RuntimeError(f"{failed}: {failed.status_text}")


def _run(due: list[tuple[datetime, UUID]], workers: ThreadPoolExecutor) -> None:
    """Run the stages in the order in which they are due, several at a time."""
    heapq.heapify(due)
    running: dict[Future[datetime | None], UUID] = {}
    while due or running:
        while due and len(running) < THREADS and due[0][0] <= timezone.now():
            _, key = heapq.heappop(due)
            running[workers.submit(run_stage, key)] = key
        if not running:
            time.sleep(_LOOK_SECONDS)
            continue
        ended, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        for each in ended:
            key = running.pop(each)
            if (following := each.result()) is not None:
                heapq.heappush(due, (following, key))


def _close_connections(workers: ThreadPoolExecutor) -> None:
    """Close every thread's connection, because PostgreSQL does not drop a database in use."""
    all_here = Barrier(THREADS)

    def close(_number: int) -> None:
        # Keeps each thread to one call.
        all_here.wait()
        connection.close()

    list(workers.map(close, range(THREADS)))
