"""manage.py plan: show what an apply would change in Azure."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from sync.desired.history import Author
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.fleet_files import add_file_argument
from sync.management.selection import select_instances
from sync.management.targets import Declared
from sync.operations.instance_plan import plan_instance
from sync.operations.plan_output import render_json, render_text
from sync.planning.errors import SyncError
from sync.planning.plan import Plan


class Command(SignalmanCommand):
    """Plans from Azure's last answer.

    Files are planned as if they were the desired state; Azure is read only for what was never read.
    """

    help = (
        "Show the changes from the observed state to the desired state. "
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
            help="plan only the change at this path of one instance; may be repeated",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Print the plans, and a message for each that cannot be created."""
        if options["files"]:
            return self._plan_files(options)
        plans: list[Plan] = []
        errors: list[str] = []
        for instance in select_instances(options["instances"], paths=options["path"]):
            try:
                plans.append(plan_instance(instance, options["path"]))
            except SyncError as error:
                errors.append(str(error))
        self.write_json({"plans": [render_json(plan) for plan in plans], "errors": errors})
        self._say_plans(plans, is_named=bool(options["instances"]))
        if errors:
            raise CommandError("\n".join(errors))
        is_synced = all(plan.is_empty for plan in plans)
        return ExitCode.DONE if is_synced else ExitCode.PENDING

    def _plan_files(self, options: dict[str, Any]) -> ExitCode:
        """Print what an apply of these files would do. The desired state is not changed."""
        if options["path"]:
            raise CommandError("--path needs a named instance and no files.")
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

    def _say_plans(self, plans: Sequence[Plan], *, is_named: bool) -> None:
        changing = [plan for plan in plans if not plan.is_empty]
        # Of a whole fleet, show only plans with changes.
        for plan in plans if is_named else changing:
            self.say(render_text(plan) + "\n")
        self.say(f"Instances with changes: {len(changing)} of {len(plans)}.")
