"""manage.py inspect_token: show each check of a token, expected and found."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from diagnosis.token_inspector import inspect_token
from sync.management.text_input import read_stream
from upstreams.receiver.protocol.refusals import ProofUnavailable, UnknownInstance
from validation.verdict import Check, Outcome, Verdict

_MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.NOT_REACHED: "·"}


class Command(BaseCommand):
    """Reads a token from standard input, so that it is in no history and no process list.

    Exits 0 if the receiver would accept it, 2 if not.
    """

    # As Django's createsuperuser has it, for callers that are no shell.
    stealth_options = ("stdin",)
    help = (
        "Read an access token from standard input and show the checks that the receiver makes. "
        "Exit codes: 0 accepted, 1 error, 2 refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance and the event whose template names the audience."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument("--hub", default="chat", help="hub of the event; default: %(default)s")
        parser.add_argument(
            "--category",
            choices=("connections", "messages"),
            default="messages",
            help="category of the event; default: %(default)s",
        )
        parser.add_argument(
            "--event", default="*", help="name of the event; default: one that no template names"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the checks."""
        stdin = options.get("stdin") or sys.stdin
        token = getpass.getpass("Token: ") if stdin.isatty() else read_stream(stdin)
        event = {name: options[name] for name in ("hub", "category", "event")}
        try:
            verdict = inspect_token(token, options["instance"], **event)
        except UnknownInstance as error:
            raise CommandError(
                f"Unknown instance {options['instance']!r}. Run `manage.py import_instances` first."
            ) from error
        except ProofUnavailable as error:
            raise CommandError(
                f"{error} Check that the database is available, and try again."
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(_document(verdict), indent=2))
        else:
            self.stdout.writelines(_line(check) for check in verdict.checks)
            self.stdout.write(verdict.description)
        if not verdict.is_accepted:
            sys.exit(2)


def _document(verdict: Verdict) -> dict[str, Any]:
    return {
        "accepted": verdict.is_accepted,
        "reason": verdict.reason,
        "checks": [asdict(check) for check in verdict.checks],
    }


def _line(check: Check) -> str:
    line = f"{_MARKS[check.outcome]} {check.name}"
    if check.outcome is Outcome.NOT_REACHED:
        return f"{line}\n"
    details = f"\n    expected {check.expected}\n    found    {check.found}"
    return f"{line}: {check.message}{details if check.outcome is Outcome.FAIL else ''}\n"
