"""manage.py delete_instance: delete an instance in Azure."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from sync.errors import SyncError
from sync.management.following import follow
from sync.management.operators import operator_name
from sync.management.selection import select_instances
from sync.models import Operation
from sync.operations import start_delete
from sync.rendering import render_text

CHANGES_PENDING: Final = 2


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

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the deletion, and stay with it where told to."""
        (instance,) = select_instances([options["instance"]])
        try:
            operation = start_delete(
                instance, confirm=options["confirm"], requested_by_name=operator_name()
            )
        except SyncError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(render_text(operation.read_plan()) + "\n")
        if not (options["wait"] or options["inline"]):
            self.stdout.write(f"Operation {operation.pk} is on the queue.")
            sys.exit(CHANGES_PENDING)
        follow([operation], self.stdout, inline=options["inline"])
        if operation.state != Operation.State.SUCCEEDED:
            raise CommandError(f"{instance} was not deleted; `operations` says why.")
