"""manage.py export: write down what is wanted of a fleet."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from sync.declarative.export import chosen, declare_all
from sync.declarative.fleet_documents import write_documents
from sync.management.selection import select_instances


class Command(BaseCommand):
    """Prints one YAML document for each instance, for `apply -f`. Nothing in it is secret."""

    help = "Print what is wanted of instances as YAML, for version control and `apply -f`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to export."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: every instance")
        parser.add_argument("--subscription", metavar="ID", type=UUID, help="only this one's")
        parser.add_argument("--resource-group", metavar="NAME", help="only this group's")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the documents, always in the same order."""
        names, subscription = options["instances"], options["subscription"]
        group = options["resource_group"]
        if names:
            # So that a name that is not known is an error, and not less of an export.
            select_instances(names)
        instances = chosen(names=names, subscription=subscription, resource_group=group)
        is_whole = not names and subscription is None and group is None
        documents = list(declare_all(instances, is_whole_fleet=is_whole))
        if options["json"]:
            content = {"documents": [document.to_json() for document in documents]}
            self.stdout.write(json.dumps(content, indent=2))
        else:
            self.stdout.write(write_documents(documents), ending="")
