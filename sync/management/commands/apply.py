"""manage.py apply: carry plans out in Azure."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from identities.models import SignalRInstance
from sync.documents import operation_document
from sync.errors import StalePlan, SyncError
from sync.management.following import follow, watch
from sync.management.operators import operator_name
from sync.management.selection import select_instances
from sync.models import Operation
from sync.operations import start_apply
from sync.plan import InvalidDesired, Plan
from sync.planning import plan_instance
from sync.rendering import render_text

CHANGES_PENDING: Final = 2

Planned = tuple[SignalRInstance, Plan]


class Command(BaseCommand):
    """Shows the plans, asks, starts one operation for each, and waits for them if told to.

    Exit codes: 0 nothing to do or all done, 1 error, 2 changes pending, as declined or not waited
    for.
    """

    help = "Show what would be written to Azure, ask, and write it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances, and how to go about it."""
        parser.add_argument("instances", nargs="+", metavar="NAME")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--digest", help="apply only the plan of this digest, as `plan` shows it"
        )
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="apply only the change at this path of one instance; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")
        parser.add_argument(
            "--wait",
            action=BooleanOptionalAction,
            help="stay until the operations have ended; default: on a terminal",
        )
        parser.add_argument(
            "--inline", action="store_true", help="do the worker's part here, and wait"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Carry the plans out."""
        if options["digest"] and len(options["instances"]) > 1:
            raise CommandError("A digest is of one instance's plan: name that instance alone.")
        paths = options["path"]
        planned = _plan(select_instances(options["instances"], paths=paths), paths)
        changing = [(instance, plan) for instance, plan in planned if not plan.is_empty]
        if not options["json"]:
            for _instance, plan in planned:
                self.stdout.write(render_text(plan) + "\n")
        if options["digest"] not in {None, planned[0][1].digest}:
            raise CommandError(str(StalePlan(planned[0][1])))
        if changing and not options["yes"]:
            self._ask(len(changing), is_json=options["json"])
        operations, errors = _start(changing, paths)
        self._stay(operations, options)
        self._end(operations, errors, is_json=options["json"])

    def _ask(self, count: int, *, is_json: bool) -> None:
        """Go on only for a person who says yes."""
        if is_json or not sys.stdin.isatty():
            raise CommandError("Nobody is here to say yes: look at the plan, then give --yes.")
        if input(f"Apply to {count} instance(s)? Only 'yes' is taken for yes: ") != "yes":
            self.stdout.write("Nothing was started.")
            sys.exit(CHANGES_PENDING)

    def _stay(self, operations: Sequence[Operation], options: dict[str, Any]) -> None:
        wait = self.stdout.isatty() if options["wait"] is None else options["wait"]
        if not operations or not (wait or options["inline"]):
            return
        if options["json"]:
            for _operation in watch(operations, inline=options["inline"]):
                pass
            return
        try:
            follow(operations, self.stdout, inline=options["inline"])
        except KeyboardInterrupt:
            self.stdout.write("\nThe operations stay on the queue; `operations` shows them.")

    def _end(
        self, operations: Sequence[Operation], errors: Sequence[str], *, is_json: bool
    ) -> None:
        """Say how it went, in words or as a document, and in the exit code."""
        if is_json:
            documents = [operation_document(operation) for operation in operations]
            document = {"operations": documents, "errors": list(errors)}
            self.stdout.write(json.dumps(document, indent=2))
        if errors:
            raise CommandError("\n".join(errors))
        states = {operation.state for operation in operations}
        if states & {Operation.State.FAILED, Operation.State.CANCELLED}:
            raise CommandError("Not everything was applied; `operations` says why.")
        if any(not operation.is_finished for operation in operations):
            sys.exit(CHANGES_PENDING)


def _plan(instances: Sequence[SignalRInstance], paths: Sequence[str]) -> list[Planned]:
    """Return the plans of all, or say what is wrong with one before anything is started."""
    try:
        return [(instance, plan_instance(instance, paths)) for instance in instances]
    except (SyncError, InvalidDesired) as error:
        raise CommandError(str(error)) from error


def _start(planned: Sequence[Planned], paths: Sequence[str]) -> tuple[list[Operation], list[str]]:
    """Start what can be started; one instance's trouble does not stop the others."""
    operations: list[Operation] = []
    errors: list[str] = []
    who = operator_name()
    for instance, plan in planned:
        try:
            operation = start_apply(
                instance, digest=plan.digest, paths=paths, requested_by_name=who
            )
            operations.append(operation)
        except SyncError as error:
            errors.append(f"{instance}: {error}")
    return operations, errors
