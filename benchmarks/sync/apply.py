"""Apply all plans at once, as a worker with a thread pool does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from identities.models import SignalRInstance
from sync.models import Operation
from sync.operations.instance_plan import plan_instance
from sync.operations.lifecycle import run_stage, start_apply

THREADS = 8


def apply_all() -> None:
    """Start an apply of every instance, and advance the operations until all have ended.

    Raises RuntimeError if one fails.
    """
    for instance in SignalRInstance.objects.with_desired():
        start_apply(instance, digest=plan_instance(instance).digest, actor=Actor("benchmark"))
    operations = list(Operation.objects.unfinished().values_list("pk", flat=True))
    with ThreadPoolExecutor(THREADS) as workers:
        list(workers.map(run_operation, operations))
        _close_connections(workers)
    failed = Operation.objects.exclude(state=Operation.State.SUCCEEDED).first()
    if failed is not None:
        raise RuntimeError(f"{failed}: {failed.status_text}")


def run_operation(operation_id: UUID) -> None:
    """Run the stages of one operation, each when it is due."""
    due_at: datetime | None = timezone.now()
    while due_at is not None:
        time.sleep(max((due_at - timezone.now()).total_seconds(), 0))
        due_at = run_stage(operation_id)


def _close_connections(workers: ThreadPoolExecutor) -> None:
    """Close every thread's connection, because PostgreSQL does not drop a database in use."""
    all_here = Barrier(THREADS)

    def close(_number: int) -> None:
        # Keeps each thread to one call.
        all_here.wait()
        connection.close()

    list(workers.map(close, range(THREADS)))
