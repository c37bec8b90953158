"""manage.py history: what was wanted of an instance, and since when."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sync.management.selection import select_instances
from sync.management.terminal import write_table
from sync.models import DesiredRevision
from sync.operations.documents import revision_document


class Command(BaseCommand):
    """Lists the revisions of what is wanted, the latest first; `rollback` goes back to one."""

    help = "List what was wanted of an instance, and who changed it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance."""
        parser.add_argument("instance", metavar="NAME")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the revisions."""
        (instance,) = select_instances([options["instance"]])
        revisions = DesiredRevision.objects.filter(instance=instance)
        if options["json"]:
            documents = [revision_document(revision) for revision in revisions]
            document = {"instance": instance.name, "revisions": documents}
            self.stdout.write(json.dumps(document, indent=2))
            return
        write_table(self.stdout, ("#", "AT", "BY", "DONE", "WHY"), map(_row, revisions))


def _row(revision: DesiredRevision) -> tuple[str, ...]:
    return (
        str(revision.number),
        f"{revision.at:%Y-%m-%d %H:%M:%S}",
        revision.who,
        revision.action,
        revision.comment,
    )
