"""manage.py rollback: want again what was wanted earlier."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sync.desired.history import rollback
from sync.management.actor import operator_name
from sync.management.exit_codes import CHANGES_PENDING
from sync.management.selection import select_instances
from sync.operations.instance_plan import plan_instance
from sync.operations.rendering import render_json, render_text
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired


class Command(BaseCommand):
    """Makes an earlier revision the wanted one, and shows the plan; `apply` writes it to Azure.

    Exit codes: 0 Azure has what is wanted now, 1 error, 2 changes pending.
    """

    help = "Want what an earlier revision says. Nothing is sent to Azure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance and the revision."""
        parser.add_argument("instance", metavar="NAME")
        parser.add_argument("number", type=int, metavar="NUMBER", help="as `history` shows it")
        parser.add_argument("--comment", default="", help="why, for the history")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Change what is wanted, and show what an apply would write."""
        (instance,) = select_instances([options["instance"]])
        comment = options["comment"]
        try:
            rollback(instance, options["number"], who=operator_name(), comment=comment)
        except SyncError as error:
            raise CommandError(str(error)) from error
        if not options["json"]:
            self.stdout.write(f"{instance} is to be as at revision {options['number']}.")
        try:
            (instance,) = select_instances([instance.name])
            plan = plan_instance(instance)
        except (SyncError, InvalidDesired) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            revision = {"instance": instance.name, "revision": options["number"]}
            self.stdout.write(json.dumps(revision | {"plan": render_json(plan)}, indent=2))
        else:
            self.stdout.write(render_text(plan))
        if not plan.is_empty:
            sys.exit(CHANGES_PENDING)
