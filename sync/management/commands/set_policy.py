"""manage.py set_policy: set whether Signalman manages instances."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sync.desired.management_policy import Policy, set_policy
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances


class Command(SignalmanCommand):
    """Sets the policy of each named instance. Imported instances have the policy observe."""

    help = "Set the policy of instances. Exit codes: 0 done, 1 error."
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instances and the policy."""
        parser.add_argument("instances", nargs="+", metavar="NAME", help="name of an instance")
        parser.add_argument(
            "policy",
            choices=Policy.values,
            help="observe: compare with Azure on schedule; manage: also allow applies; "
            "pause: neither",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Set the policy, and print whether that is a change."""
        policy = Policy(options["policy"])
        documents = []
        for instance in select_instances(options["instances"]):
            is_changed = set_policy(instance, policy, who=self.actor.name)
            documents.append(
                {"instance": instance.name, "policy": policy.value, "changed": is_changed}
            )
            self.say(f"{instance}: {policy.value}{'' if is_changed else ' (unchanged)'}.")
        self.write_json({"instances": documents})
        return ExitCode.DONE
