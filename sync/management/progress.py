"""Waiting for operations: watching the worker, or running the stages in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from django.core.management.base import OutputWrapper
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sync.management.terminal import printable
from sync.models import Operation, OperationStep
from sync.operations.run import run_stage

POLL_SECONDS: Final = 0.5
# A worker picks up what is queued within the schedule. After this time there is probably none.
PATIENCE: Final = timedelta(seconds=20)
NO_WORKER: Final = (
    "No worker has started it. Start `celery -A config worker --pool threads --beat`, "
    "or stop this command and run it with --inline."
)


def follow(operations: Sequence[Operation], out: OutputWrapper, *, inline: bool) -> None:
    """Show the progress of operations on `out` until nothing is left to write.

    The operations in memory are then up to date.
    """
    if out.isatty():
        _draw_bars(operations, inline=inline)
        return
    shown: dict[Operation, str] = {}
    for operation in watch(operations, inline=inline):
        text = printable(_describe(operation))
        if shown.get(operation) != text:
            out.write(f"{operation.instance}: {text}")
        shown[operation] = text


def watch(operations: Sequence[Operation], *, inline: bool) -> Iterator[Operation]:
    """Yield each operation as it is now, repeatedly, until all have ended or propagate.

    With `inline`, run each stage in this process when it is due.
    """
    while True:
        for operation in operations:
            if inline and not operation.is_settled:
                run_stage(operation.pk)
            operation.refresh_from_db()
            yield operation
        unfinished = [operation for operation in operations if not operation.is_settled]
        if not unfinished:
            return
        time.sleep(_pause(unfinished) if inline else POLL_SECONDS)


def _describe(operation: Operation) -> str:
    is_late = timezone.now() - operation.created_at > PATIENCE
    if operation.state == Operation.State.QUEUED and is_late:
        return f"queued. {NO_WORKER}"
    return operation.status_text


def _pause(unfinished: Sequence[Operation]) -> float:
    """Return the seconds until the first of them is due."""
    now = timezone.now()
    waits = [
        (operation.due_at - now).total_seconds() for operation in unfinished if operation.due_at
    ]
    return min(max(min(waits, default=POLL_SECONDS), 0.0), POLL_SECONDS)


def _draw_bars(operations: Sequence[Operation], *, inline: bool) -> None:
    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console()) as bars:
        rows = {
            operation.pk: bars.add_task(
                "", name=operation.instance.name, total=operation.steps.count()
            )
            for operation in operations
        }
        for operation in watch(operations, inline=inline):
            bars.update(
                rows[operation.pk],
                description=escape(printable(_describe(operation))),
                completed=operation.steps.filter(state=OperationStep.State.DONE).count(),
            )
