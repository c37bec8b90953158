"""manage.py plan: show what an apply would write to Azure."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sync.desired.history import Author
from sync.management.actor import operator_name
from sync.management.exit_codes import CHANGES_PENDING
from sync.management.fleet_files import add_file_argument
from sync.management.selection import select_instances
from sync.management.targets import Declared
from sync.operations.instance_plan import plan_instance
from sync.operations.rendering import render_json, render_text
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan


class Command(BaseCommand):
    """Plans without asking Azure. Exit codes: 0 nothing to do, 1 error, 2 changes pending.

    Of files, what they declare is planned as if it were wanted; Azure is asked only about what was
    never read.
    """

    help = "Show the changes that turn what Azure last answered into what is wanted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: every instance")
        add_file_argument(parser)
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="plan only the change at this path of one instance; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the plans, and say in one sentence each which cannot be made."""
        if options["files"]:
            self._plan_files(options)
            return
        plans: list[Plan] = []
        errors: list[str] = []
        for instance in select_instances(options["instances"], paths=options["path"]):
            try:
                plans.append(plan_instance(instance, options["path"]))
            except (SyncError, InvalidDesired) as error:
                errors.append(str(error))
        if options["json"]:
            documents = [render_json(plan) for plan in plans]
            self.stdout.write(json.dumps({"plans": documents, "errors": errors}, indent=2))
        else:
            self._write_text(plans, is_named=bool(options["instances"]))
        if errors:
            raise CommandError("\n".join(errors))
        if any(not plan.is_empty for plan in plans):
            sys.exit(CHANGES_PENDING)

    def _plan_files(self, options: dict[str, Any]) -> None:
        """Print what an apply of these files would do; what is wanted stays as it is."""
        if options["path"]:
            raise CommandError("A path is of a named instance's plan, not of files.")
        author = Author(operator_name(), "plan a file")
        try:
            declared = Declared.of(options["files"], options["instances"], author)
        except SyncError as error:
            if options["json"]:
                document = {"wanted": [], "plans": [], "errors": str(error).splitlines()}
                self.stdout.write(json.dumps(document, indent=2))
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(declared.document() | {"errors": []}, indent=2))
        else:
            for line in declared.lines(is_brief=True):
                self.stdout.write(line)
            self.stdout.write(f"{declared.size} of {declared.scope} document(s) would change.")
        if declared.size:
            sys.exit(CHANGES_PENDING)

    def _write_text(self, plans: Sequence[Plan], *, is_named: bool) -> None:
        changing = [plan for plan in plans if not plan.is_empty]
        # Of a whole fleet, only what changes is worth reading.
        for plan in plans if is_named else changing:
            self.stdout.write(render_text(plan) + "\n")
        self.stdout.write(f"{len(changing)} of {len(plans)} instance(s) would change.")
