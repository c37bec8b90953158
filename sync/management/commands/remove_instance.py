"""manage.py remove_instance: take instances out of Signalman."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sync.desired.removal import remove
from sync.errors import OperationRunning
from sync.management.actor import operator_name
from sync.management.selection import select_instances


class Command(BaseCommand):
    """Removes the rows; Azure is not asked. `delete_instance` is what deletes there."""

    help = "Take instances out of Signalman; in Azure they stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances."""
        parser.add_argument("instances", nargs="+", metavar="NAME")

        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Remove all of them or none."""
        instances = select_instances(options["instances"])
        with transaction.atomic():
            for instance in instances:
                try:
                    remove(instance, who=operator_name())
                except OperationRunning as error:
                    raise CommandError(str(error)) from error
        if options["json"]:
            removed = [instance.name for instance in instances]
            self.stdout.write(json.dumps({"removed": removed}, indent=2))
            return
        for instance in instances:
            self.stdout.write(f"{instance} is out of Signalman, and stays in Azure as it is.")
