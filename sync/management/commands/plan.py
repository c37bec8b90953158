"""manage.py plan: show what an apply would change in Azure."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from sync.desired.history import Author
from sync.desired.shared_rows import with_shared_rows
from sync.management.apply_request import Declared
from sync.management.base import ExitCode, JsonLists, SignalmanCommand
from sync.management.file_argument import add_file_argument
from sync.management.instance_argument import iterate_instances
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json, render_text
from sync.operations.plans.upstream_warning import upstream_warning
from sync.planning.errors import SyncError
from sync.planning.plan import Plan


class Command(SignalmanCommand):
    """Plans from Azure's last answer.

    Files are planned as if they were the desired state; Azure is read only for what was never read.
    """

    help = (
        "Show what an apply would change in Azure. Sends no requests to Azure. "
        "Exit codes: 0 nothing to do, 1 error, 2 changes pending."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instances."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: all instances")
        add_file_argument(parser)
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="plan only the change at this path; needs exactly one instance; may be repeated",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Print the plans, and a message for each that cannot be created."""
        if options["files"]:
            return self._plan_files(options)
        errors: list[str] = []
        planned = changed = 0
        instances = iterate_instances(options["instances"], paths=options["path"])
        with self.json_lists("plans", "errors") as document:
            for instance, rows in with_shared_rows(instances):
                try:
                    plan = plan_instance(instance, options["path"], rows)
                except SyncError as error:
                    errors.append(str(error))
                    continue
                planned += 1
                changed += not plan.is_empty
                self._write_plan(plan, document, is_named=bool(options["instances"]))
                if warning := upstream_warning(instance, rows):
                    self.say(f"Warning: {warning}")
            for each in errors:
                document.add("errors", each)
        self.say(f"Instances with changes: {changed} of {planned}.")
        if errors:
            raise CommandError("\n".join(errors))
        return ExitCode.PENDING if changed else ExitCode.DONE

    def _plan_files(self, options: dict[str, Any]) -> ExitCode:
        """Print what an apply of these files would do. The desired state is not changed."""
        if options["path"]:
            raise CommandError("--path cannot be used with -f.")
        author = Author(self.actor.name, "plan a file")
        try:
            declared = Declared.of(options["files"], options["instances"], author)
        except SyncError as error:
            self.write_json({"desired": [], "plans": [], "errors": str(error).splitlines()})
            raise
        self.write_json(declared.document() | {"errors": []})
        for line in declared.lines(is_brief=True):
            self.say(line)
        self.say(f"Documents with changes: {declared.size} of {declared.scope}.")
        return ExitCode.PENDING if declared.size else ExitCode.DONE

    def _write_plan(self, plan: Plan, document: JsonLists, *, is_named: bool) -> None:
        """Print a plan: of a whole fleet, text only for plans with changes."""
        if self.is_json:
            document.add("plans", render_json(plan))
        elif is_named or not plan.is_empty:
            self.say(render_text(plan) + "\n")
