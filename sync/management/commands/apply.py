"""manage.py apply: apply plans to Azure."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from sync.desired.history import Author
from sync.management.apply_request import ApplyRequest, Declared, Named
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.file_argument import add_file_argument
from sync.management.progress import follow, watch
from sync.models import Operation
from sync.operations.json_output import operation_document
from sync.planning.errors import SyncError


class Command(SignalmanCommand):
    """Shows the plans, asks for confirmation, starts an operation for each, and may wait."""

    help = (
        "Show the plans of instances, ask for confirmation and apply them to Azure. With -f, "
        "first set the desired state that the files declare; if one document is not valid, nothing "
        "changes. Exit codes: 0 done or nothing to do, 1 error, 2 changes pending (dry run, "
        "declined, or operations not finished)."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add what to apply, and how."""
        parser.add_argument(
            "instances",
            nargs="*",
            metavar="NAME",
            help="name of an instance; required without -f. With -f, apply only the documents of "
            "these instances",
        )
        add_file_argument(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
        parser.add_argument(
            "--confirm-destructive",
            action="store_true",
            help="confirm plans that remove an identity, upstream templates or an instance; "
            "without it they are refused",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show the plans and change nothing"
        )
        parser.add_argument(
            "--digest", help="apply only the plan with this digest, as `plan --json` shows it"
        )
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="apply only the change at this path; needs exactly one instance; may be repeated",
        )
        parser.add_argument(
            "--wait",
            action=BooleanOptionalAction,
            help="wait until the operations end; default: wait on a terminal and with -f",
        )
        parser.add_argument(
            "--inline",
            action="store_true",
            help="run the operations in this process, without a worker, and wait",
        )
        parser.add_argument("--comment", default="", help="change note of the revision; needs -f")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Apply the plans, or report what is wrong before anything is written."""
        try:
            request = self._request(options)
            for line in request.lines():
                self.say(line)
            request.require_applicable()
            if options["dry_run"]:
                self.write_json(request.document() | {"operations": [], "errors": []})
                return ExitCode.PENDING if request.size else ExitCode.DONE
            if request.size and not options["yes"] and not self._is_confirmed(request, options):
                self.say("Cancelled. Nothing was started.")
                return ExitCode.PENDING
            operations, errors = request.start(confirm_destructive=options["confirm_destructive"])
        except SyncError as error:
            self.write_json({"operations": [], "errors": str(error).splitlines()})
            raise
        self._wait(operations, options)
        return self._finish(request, operations, errors)

    def _request(self, options: dict[str, Any]) -> ApplyRequest:
        """Return what the options select. Raises SyncError."""
        names, files = options["instances"], options["files"]
        if not files:
            if not names:
                raise CommandError("Name the instances to apply, or declare them in files with -f.")
            return Named.of(
                names, paths=options["path"], digest=options["digest"], actor=self.actor
            )
        if options["path"] or options["digest"]:
            raise CommandError("--path and --digest cannot be used with -f.")
        author = Author(self.actor.name, "apply a file", options["comment"])
        return Declared.of(files, names, author)

    def _is_confirmed(self, request: ApplyRequest, options: dict[str, Any]) -> bool:
        """Ask the operator, and with destructive plans say what they remove."""
        if self.is_json or not sys.stdin.isatty():
            raise CommandError(
                "The plan cannot be confirmed without a terminal. Review the plan, then run the "
                "command again with --yes."
            )
        for loss in request.losses:
            self.say(f"Destructive: {loss}")
        plans = "1 plan" if request.size == 1 else f"{request.size} plans"
        is_confirmed = input(f"Apply {plans}? Type yes to confirm: ") == "yes"
        options["confirm_destructive"] |= is_confirmed
        return is_confirmed

    def _wait(self, operations: Sequence[Operation], options: dict[str, Any]) -> None:
        wait = options["wait"]
        if wait is None:
            wait = bool(options["files"]) or self.stdout.isatty()
        if not operations or not (wait or options["inline"]):
            return
        if self.is_json:
            for _operation in watch(operations, inline=options["inline"]):
                pass
            return
        try:
            follow(operations, self.stdout, inline=options["inline"])
        except KeyboardInterrupt:
            self.say("\nThe operations continue. Run `manage.py operations` to see their status.")

    def _finish(
        self, request: ApplyRequest, operations: Sequence[Operation], errors: Sequence[str]
    ) -> ExitCode:
        """Print the result."""
        documents = [operation_document(operation) for operation in operations]
        self.write_json(request.document() | {"operations": documents, "errors": list(errors)})
        if errors:
            raise CommandError("\n".join(errors))
        states = {operation.state for operation in operations}
        if states & {Operation.State.FAILED, Operation.State.CANCELLED}:
            raise CommandError(
                "Some operations failed or were cancelled. Run `manage.py operations` to see why."
            )
        is_settled = all(operation.is_settled for operation in operations)
        return ExitCode.DONE if is_settled else ExitCode.PENDING
