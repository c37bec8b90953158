"""manage.py history: the revisions of an instance's desired state."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.management.terminal import write_table
from sync.models import DesiredRevision
from sync.operations.json_output import revision_document


class Command(SignalmanCommand):
    """Lists the revisions, newest first."""

    help = (
        "List the revisions of an instance's desired state, newest first. To restore a revision, "
        "use `rollback`. Exit codes: 0 done, 1 error."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Print the revisions."""
        (instance,) = select_instances([options["instance"]])
        revisions = DesiredRevision.objects.filter(instance=instance)
        documents = [revision_document(revision) for revision in revisions]
        self.write_json({"instance": instance.name, "revisions": documents})
        if not self.is_json:
            write_table(
                self.stdout, ("#", "Time", "Actor", "Action", "Change note"), map(_row, revisions)
            )
        return ExitCode.DONE


def _row(revision: DesiredRevision) -> tuple[str, ...]:
    return (
        str(revision.number),
        f"{revision.at:%Y-%m-%d %H:%M:%S}",
        revision.who,
        revision.action,
        revision.comment,
    )
