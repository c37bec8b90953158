"""manage.py plan: show what an apply would write to Azure."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from sync.errors import SyncError
from sync.management.selection import select_instances
from sync.plan import InvalidDesired, Plan
from sync.planning import plan_instance
from sync.rendering import render_json, render_text

CHANGES_PENDING: Final = 2


class Command(BaseCommand):
    """Plans without asking Azure. Exit codes: 0 nothing to do, 1 error, 2 changes pending."""

    help = "Show the changes that turn what Azure last answered into what is wanted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: every instance")
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="plan only the change at this path of one instance; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the plans, and say in one sentence each which cannot be made."""
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

    def _write_text(self, plans: Sequence[Plan], *, is_named: bool) -> None:
        changing = [plan for plan in plans if not plan.is_empty]
        # Of a whole fleet, only what changes is worth reading.
        for plan in plans if is_named else changing:
            self.stdout.write(render_text(plan) + "\n")
        self.stdout.write(f"{len(changing)} of {len(plans)} instance(s) would change.")
