"""manage.py operations: the status of operations."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.core.management.base import CommandError

from sync.management.base import ExitCode, SignalmanCommand
from sync.management.terminal import write_table
from sync.models import Operation
from sync.operations.cancel import cancel
from sync.operations.json_output import operation_document

SHOWN: Final = 50


class Command(SignalmanCommand):
    """Lists operations, or shows one with its steps."""

    help = (
        f"List the last {SHOWN} operations, or show one operation with its steps. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the operation, and what to do with it."""
        parser.add_argument(
            "id",
            nargs="?",
            type=UUID,
            metavar="ID",
            help=f"operation to show; default: list the last {SHOWN}",
        )
        parser.add_argument(
            "--cancel", action="store_true", help="stop this operation before its next step"
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Cancel if requested, and print the operations."""
        operations = Operation.objects.select_related("instance").prefetch_related("steps")
        if options["id"]:
            operations = operations.filter(pk=options["id"])
            if not operations:
                raise CommandError(f"There is no operation {options['id']}.")
        if options["cancel"]:
            if not options["id"]:
                raise CommandError("--cancel needs the ID of an operation.")
            cancel(operations.get(), who=self.actor.name)
            operations = operations.all()
        shown = list(operations[:SHOWN])
        self.write_json({"operations": [operation_document(each) for each in shown]})
        if self.is_json:
            return ExitCode.DONE
        if options["id"]:
            self._write_steps(shown[0])
        else:
            headings = ("ID", "Instance", "Created", "Actor", "Status")
            write_table(self.stdout, headings, _rows(shown))
        return ExitCode.DONE

    def _write_steps(self, operation: Operation) -> None:
        self.say(f"{operation} by {operation.requested_by_name}: {operation.status_text}")
        rows = [[step.get_state_display(), step.title] for step in operation.steps.all()]
        write_table(self.stdout, ("State", "Step"), rows)


def _rows(operations: Iterable[Operation]) -> list[tuple[str, ...]]:
    return [
        (
            str(operation.pk),
            operation.instance.name,
            f"{operation.created_at:%Y-%m-%d %H:%M:%S}",
            operation.requested_by_name,
            operation.status_text,
        )
        for operation in operations
    ]
