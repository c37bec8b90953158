"""manage.py operations: how work in Azure is getting on."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from sync.errors import OperationFinished
from sync.management.actor import operator_name
from sync.management.terminal import write_table
from sync.models import Operation
from sync.operations.documents import operation_document
from sync.operations.lifecycle import cancel

SHOWN: Final = 50


class Command(BaseCommand):
    """Lists operations, or shows one with its steps. Exit codes: 0 done, 1 error."""

    help = f"Show the last {SHOWN} operations, or one of them with its steps."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an operation, and what to do with it."""
        parser.add_argument("id", nargs="?", type=UUID, metavar="ID", help="default: the last ones")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")
        parser.add_argument(
            "--cancel", action="store_true", help="stop it before its next step; needs an ID"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print what was asked for."""
        if options["cancel"]:
            _cancel(options["id"])
        operations = Operation.objects.select_related("instance").prefetch_related("steps")
        if options["id"]:
            operations = operations.filter(pk=options["id"])
            if not operations:
                raise CommandError(f"There is no operation {options['id']}.")
        shown = operations[:SHOWN]
        if options["json"]:
            documents = [operation_document(operation) for operation in shown]
            self.stdout.write(json.dumps({"operations": documents}, indent=2))
        elif options["id"]:
            self._write_steps(shown[0])
        else:
            self._write_list(list(shown))

    def _write_list(self, operations: list[Operation]) -> None:
        write_table(
            self.stdout,
            ["ID", "INSTANCE", "BEGUN", "BY", "HOW IT STANDS"],
            [
                [
                    str(operation.pk),
                    operation.instance.name,
                    f"{operation.created_at:%Y-%m-%d %H:%M:%S}",
                    operation.requested_by_name,
                    operation.standing,
                ]
                for operation in operations
            ],
        )

    def _write_steps(self, operation: Operation) -> None:
        self.stdout.write(f"{operation} by {operation.requested_by_name}: {operation.standing}")
        rows = [[step.get_state_display(), step.title] for step in operation.steps.all()]
        write_table(self.stdout, ["STATE", "STEP"], rows)


def _cancel(operation_id: UUID | None) -> None:
    if operation_id is None:
        raise CommandError("Name the operation to cancel by its ID.")
    try:
        cancel(Operation.objects.get(pk=operation_id), who=operator_name())
    except Operation.DoesNotExist as error:
        raise CommandError(f"There is no operation {operation_id}.") from error
    except OperationFinished as error:
        raise CommandError(str(error)) from error
