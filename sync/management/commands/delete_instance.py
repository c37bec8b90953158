"""manage.py delete_instance: delete an instance in Azure."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sync.management.actor import operator_name
from sync.management.exit_codes import CHANGES_PENDING
from sync.management.progress import follow, watch
from sync.management.selection import select_instances
from sync.models import Operation
from sync.operations.documents import operation_document
from sync.operations.lifecycle import start_delete
from sync.operations.rendering import render_text
from sync.planning.errors import SyncError


class Command(BaseCommand):
    """Deletes for good, by name and only what is not protected.

    Exit codes: 0 deleted, 1 error, 2 begun and not waited for.
    """

    help = "Delete an instance in Azure. `protect NAME --off` comes first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance, and its name again."""
        parser.add_argument("instance", metavar="NAME")
        parser.add_argument(
            "--confirm", metavar="NAME", required=True, help="the instance's name, typed again"
        )
        parser.add_argument("--wait", action="store_true", help="stay until it has ended")
        parser.add_argument(
            "--inline", action="store_true", help="do the worker's part here, and wait"
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the deletion, and stay with it where told to."""
        (instance,) = select_instances([options["instance"]])
        try:
            operation = start_delete(
                instance, confirm=options["confirm"], requested_by_name=operator_name()
            )
        except SyncError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self._stay_silent(operation, options)
        else:
            self._stay(operation, options)
        if not operation.is_finished:
            sys.exit(CHANGES_PENDING)
        if operation.state != Operation.State.SUCCEEDED:
            raise CommandError(f"{instance} was not deleted; `operations` says why.")

    def _stay(self, operation: Operation, options: dict[str, Any]) -> None:
        """Show what is done, and how it gets on where told to wait."""
        self.stdout.write(render_text(operation.read_plan()) + "\n")
        if options["wait"] or options["inline"]:
            follow([operation], self.stdout, inline=options["inline"])
        else:
            self.stdout.write(f"Operation {operation.pk} is on the queue.")

    def _stay_silent(self, operation: Operation, options: dict[str, Any]) -> None:
        """Wait where told to, and print how it stands then."""
        if options["wait"] or options["inline"]:
            for _operation in watch([operation], inline=options["inline"]):
                pass
        self.stdout.write(json.dumps({"operation": operation_document(operation)}, indent=2))
