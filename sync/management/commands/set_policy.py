"""manage.py set_policy: say what Signalman may do with instances."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sync.desired.management_policy import Policy, set_policy
from sync.management.actor import operator_name
from sync.management.selection import select_instances


class Command(BaseCommand):
    """Sets the policy of each named instance; an import leaves it at observe."""

    help = "Say whether instances are managed, only observed, or paused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances and the policy."""
        parser.add_argument("instances", nargs="+", metavar="NAME")
        parser.add_argument(
            "policy",
            choices=Policy.values,
            help="manage: write what is applied; observe: only compare; pause: not even that",
        )

        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Set it, and say which instances had it already."""
        policy = Policy(options["policy"])
        done = []
        for instance in select_instances(options["instances"]):
            is_news = set_policy(instance, policy, who=operator_name())
            done.append({"instance": instance.name, "policy": policy.value, "changed": is_news})
            if not options["json"]:
                self.stdout.write(f"{instance}: {policy.value}{'' if is_news else ', as before'}.")
        if options["json"]:
            self.stdout.write(json.dumps({"instances": done}, indent=2))
