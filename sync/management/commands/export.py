"""manage.py export: the desired state of a fleet as YAML."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from sync.declarative.export import declare_all, selected_instances
from sync.declarative.fleet_yaml import write_documents
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances


class Command(SignalmanCommand):
    """Prints one YAML document per instance, without secrets."""

    help = (
        "Print the desired state of instances as YAML, for version control and `apply -f`. "
        "Keys in URLs are redacted. Exit codes: 0 done, 1 error."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add what to export."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: all instances")
        parser.add_argument(
            "--subscription",
            metavar="ID",
            type=UUID,
            help="export only instances of this subscription",
        )
        parser.add_argument(
            "--resource-group",
            metavar="NAME",
            help="export only instances of this resource group",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Print the documents, always in the same order."""
        names, subscription = options["instances"], options["subscription"]
        group = options["resource_group"]
        if names:
            # An unknown name is an error, not a shorter export.
            select_instances(names)
        instances = selected_instances(names=names, subscription=subscription, resource_group=group)
        is_whole = not names and subscription is None and group is None
        documents = list(declare_all(instances, is_whole_fleet=is_whole))
        self.write_json({"documents": [document.to_json() for document in documents]})
        if not self.is_json:
            self.stdout.write(write_documents(documents), ending="")
        return ExitCode.DONE
