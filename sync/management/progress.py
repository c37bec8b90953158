"""Staying with operations until they end: watching the worker, or doing its work."""

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

from sync.models import Operation, OperationStep
from sync.operations.lifecycle import advance

LOOK_SECONDS: Final = 0.5
# A worker takes up what is queued within a tick; beyond this there is probably none.
PATIENCE: Final = timedelta(seconds=20)
NO_WORKER: Final = (
    "no worker has taken it up: start `celery -A config worker --pool threads --beat`, "
    "or stop this and give --inline"
)


def follow(operations: Sequence[Operation], out: OutputWrapper, *, inline: bool) -> None:
    """Show on `out` how operations get on until nothing is left to write.

    Their rows are then up to date.
    """
    if out.isatty():
        _draw_bars(operations, inline=inline)
        return
    shown: dict[Operation, str] = {}
    for operation in watch(operations, inline=inline):
        words = _describe(operation)
        if shown.get(operation) != words:
            out.write(f"{operation.instance}: {words}")
        shown[operation] = words


def watch(operations: Sequence[Operation], *, inline: bool) -> Iterator[Operation]:
    """Yield every operation as it is now, again and again until all have ended or only wait.

    With `inline`, do the worker's part in this process: each stage when it is due.
    """
    while True:
        for operation in operations:
            if inline and not operation.is_settled:
                advance(operation.pk)
            operation.refresh_from_db()
            yield operation
        unfinished = [operation for operation in operations if not operation.is_settled]
        if not unfinished:
            return
        time.sleep(_pause(unfinished) if inline else LOOK_SECONDS)


def _describe(operation: Operation) -> str:
    is_late = timezone.now() - operation.created_at > PATIENCE
    if operation.state == Operation.State.QUEUED and is_late:
        return f"queued: {NO_WORKER}"
    return operation.standing


def _pause(unfinished: Sequence[Operation]) -> float:
    """Return the seconds until the first of them is due."""
    now = timezone.now()
    waits = [
        (operation.due_at - now).total_seconds() for operation in unfinished if operation.due_at
    ]
    return min(max(min(waits, default=LOOK_SECONDS), 0.0), LOOK_SECONDS)


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
            operation.pk: bars.add_task("", name=operation.instance.name, total=_total(operation))
            for operation in operations
        }
        for operation in watch(operations, inline=inline):
            bars.update(
                rows[operation.pk],
                description=escape(_describe(operation)),
                completed=operation.steps.filter(state=OperationStep.State.DONE).count(),
            )


def _total(operation: Operation) -> int:
    return len(operation.plan["steps"])
