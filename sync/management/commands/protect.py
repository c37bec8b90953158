"""manage.py protect: protect instances against deletion in Azure, or do so no more."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sync.desired.lifecycle import protect
from sync.management.actor import operator_name
from sync.management.selection import select_instances


class Command(BaseCommand):
    """Every instance is protected until somebody says otherwise."""

    help = "Protect instances against deletion in Azure; --off lifts it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances."""
        parser.add_argument("instances", nargs="+", metavar="NAME")
        parser.add_argument("--off", action="store_true", help="protect them no more")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Set it, and say which instances had it so already."""
        words = "can be deleted" if options["off"] else "protected"
        done = []
        for instance in select_instances(options["instances"]):
            is_protected = not options["off"]
            is_news = protect(instance, who=operator_name(), is_protected=is_protected)
            done.append(
                {"instance": instance.name, "is_protected": is_protected, "changed": is_news}
            )
            if not options["json"]:
                self.stdout.write(f"{instance}: {words}{'' if is_news else ', as before'}.")
        if options["json"]:
            self.stdout.write(json.dumps({"instances": done}, indent=2))
