"""manage.py apply: carry plans out in Azure."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sync.desired.history import Author
from sync.management.actor import operator_name
from sync.management.exit_codes import CHANGES_PENDING
from sync.management.fleet_files import add_file_argument
from sync.management.progress import follow, watch
from sync.management.targets import Declared, Named, Undertaking
from sync.models import Operation
from sync.operations.documents import operation_document
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired


class Command(BaseCommand):
    """Shows the plans, asks, starts one operation for each, and waits for them if told to.

    Of files, what they declare is wanted first, all of it or nothing. Exit codes: 0 nothing to do
    or all done, 1 error, 2 changes pending: declined, not waited for, or a dry run.
    """

    help = "Show what would be written to Azure, ask, and write it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what is to be applied, and how to go about it."""
        parser.add_argument("instances", nargs="*", metavar="NAME")
        add_file_argument(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--dry-run", action="store_true", help="show the plans, and change nothing"
        )
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
            help="stay until the operations have ended; default: on a terminal, and with files",
        )
        parser.add_argument(
            "--inline", action="store_true", help="do the worker's part here, and wait"
        )
        parser.add_argument("--comment", default="", help="with files: why, for the history")
        parser.add_argument(
            "--as",
            dest="who",
            metavar="WHO",
            help="for the audit trail; default: the system's user",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Carry the plans out, or say what is wrong before anything is written."""
        try:
            undertaking = _undertaking(options)
            if not options["json"]:
                for line in undertaking.lines():
                    self.stdout.write(line)
            undertaking.require_applicable()
            if options["dry_run"]:
                self._end_dry(undertaking, is_json=options["json"])
                return
            if undertaking.size and not options["yes"]:
                self._ask(undertaking.size, is_json=options["json"])
            operations, errors = undertaking.start()
        except (SyncError, InvalidDesired) as error:
            if options["json"]:
                document = {"operations": [], "errors": str(error).splitlines()}
                self.stdout.write(json.dumps(document, indent=2))
            raise CommandError(str(error)) from error
        self._stay(operations, options)
        self._end(undertaking, operations, errors, is_json=options["json"])

    def _ask(self, count: int, *, is_json: bool) -> None:
        """Go on only for a person who says yes."""
        if is_json or not sys.stdin.isatty():
            raise CommandError("Nobody is here to say yes: look at the plan, then give --yes.")
        if input(f"Apply to {count} instance(s)? Only 'yes' is taken for yes: ") != "yes":
            self.stdout.write("Nothing was started.")
            sys.exit(CHANGES_PENDING)

    def _stay(self, operations: Sequence[Operation], options: dict[str, Any]) -> None:
        wait = options["wait"]
        if wait is None:
            wait = bool(options["files"]) or self.stdout.isatty()
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

    def _end_dry(self, undertaking: Undertaking, *, is_json: bool) -> None:
        """Say in the exit code whether there was anything to do."""
        if is_json:
            document = undertaking.document() | {"operations": [], "errors": []}
            self.stdout.write(json.dumps(document, indent=2))
        if undertaking.size:
            sys.exit(CHANGES_PENDING)

    def _end(
        self,
        undertaking: Undertaking,
        operations: Sequence[Operation],
        errors: Sequence[str],
        *,
        is_json: bool,
    ) -> None:
        """Say how it went, in words or as a document, and in the exit code."""
        if is_json:
            documents = [operation_document(operation) for operation in operations]
            document = {"operations": documents, "errors": list(errors)}
            self.stdout.write(json.dumps(undertaking.document() | document, indent=2))
        if errors:
            raise CommandError("\n".join(errors))
        states = {operation.state for operation in operations}
        if states & {Operation.State.FAILED, Operation.State.CANCELLED}:
            raise CommandError("Not everything was applied; `operations` says why.")
        if any(not operation.is_settled for operation in operations):
            sys.exit(CHANGES_PENDING)


def _undertaking(options: dict[str, Any]) -> Undertaking:
    """Return what the options are about. Raises SyncError and InvalidDesired."""
    names, files, who = options["instances"], options["files"], options["who"] or operator_name()
    if not files:
        if not names:
            raise CommandError("Name the instances, or give what is to be with -f.")
        return Named.of(names, paths=options["path"], digest=options["digest"], who=who)
    if options["path"] or options["digest"]:
        raise CommandError("A path and a digest are of a named instance's plan, not of files.")
    return Declared.of(files, names, Author(who, "apply a file", options["comment"]))
