"""manage.py audit: the audit trail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from sync.management.base import ExitCode, SignalmanCommand
from sync.management.terminal import write_table
from sync.models import AuditEvent
from sync.operations.json_output import audit_document

SHOWN: Final = 50


class Command(SignalmanCommand):
    """Lists the audit trail, newest first."""

    help = (
        "List the audit trail, newest events first: changes of the desired state and writes to "
        "Azure. --json includes the values before and after. Exit codes: 0 done, 1 error."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the filters."""
        parser.add_argument(
            "--object",
            metavar="NAME",
            help="list only events of the resource with this name or ARM ID",
        )
        parser.add_argument("--who", metavar="NAME", help="list only events of this actor")
        parser.add_argument(
            "--limit", type=int, default=SHOWN, help=f"maximum number of events; default: {SHOWN}"
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Print the events."""
        events = AuditEvent.objects.all()
        if options["object"]:
            events = events.about(options["object"])
        if options["who"]:
            events = events.filter(who=options["who"])
        shown = events[: max(options["limit"], 0)]
        self.write_json({"events": [audit_document(event) for event in shown]})
        if not self.is_json:
            write_table(self.stdout, ("Time", "Actor", "Action", "Object"), map(_row, shown))
        return ExitCode.DONE


def _row(event: AuditEvent) -> tuple[str, ...]:
    return (f"{event.at:%Y-%m-%d %H:%M:%S}", event.who, event.action, event.object)
