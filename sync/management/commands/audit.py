"""manage.py audit: who changed what, here and in Azure."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand

from sync.management.terminal import write_table
from sync.models import AuditEvent
from sync.operations.documents import audit_document

SHOWN: Final = 50


class Command(BaseCommand):
    """Lists the audit trail, the latest first. `--json` has the values before and after."""

    help = "List who changed what is wanted, and what was written to Azure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to look for."""
        parser.add_argument("--object", metavar="NAME", help="of one resource, by name or ARM id")
        parser.add_argument("--who", help="by one operator")
        parser.add_argument("--limit", type=int, default=SHOWN, help=f"default: {SHOWN}")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the events."""
        events = AuditEvent.objects.all()
        if options["object"]:
            events = events.about(options["object"])
        if options["who"]:
            events = events.filter(who=options["who"])
        shown = events[: max(options["limit"], 0)]
        if options["json"]:
            documents = [audit_document(event) for event in shown]
            self.stdout.write(json.dumps({"events": documents}, indent=2))
            return
        write_table(self.stdout, ("AT", "BY", "DONE", "TO"), map(_row, shown))


def _row(event: AuditEvent) -> tuple[str, ...]:
    return (f"{event.at:%Y-%m-%d %H:%M:%S}", event.who, event.action, event.object)
