"""manage.py protect: protect instances against deletion in Azure."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sync.desired.deletion_protection import protect
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances


class Command(SignalmanCommand):
    """Sets the protection of the named instances. New instances are protected."""

    help = (
        "Turn the deletion protection of instances on, or off with --off. Signalman does not "
        "delete a protected instance in Azure. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instances."""
        parser.add_argument("instances", nargs="+", metavar="NAME", help="instance to protect")
        parser.add_argument("--off", action="store_true", help="turn the protection off")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Set the protection, and print whether that is a change."""
        is_protected = not options["off"]
        documents = []
        for instance in select_instances(options["instances"]):
            is_changed = protect(instance, who=self.actor.name, is_protected=is_protected)
            documents.append(
                {"instance": instance.name, "is_protected": is_protected, "changed": is_changed}
            )
            state = "protected" if is_protected else "not protected"
            self.say(f"{instance}: {state}{'' if is_changed else ' (unchanged)'}.")
        self.write_json({"instances": documents})
        return ExitCode.DONE
