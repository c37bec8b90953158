"""manage.py remove_instance: remove instances from Signalman."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from sync.desired.remove_instance import remove
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances


class Command(SignalmanCommand):
    """Removes instances from Signalman without changing Azure."""

    help = (
        "Remove instances from Signalman without changing them in Azure. To delete an instance in "
        "Azure, use `delete_instance`. Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instances."""
        parser.add_argument("instances", nargs="+", metavar="NAME", help="instance to remove")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Remove all of them or none."""
        instances = select_instances(options["instances"])
        with transaction.atomic():
            for instance in instances:
                remove(instance, who=self.actor.name)
        self.write_json({"removed": [instance.name for instance in instances]})
        for instance in instances:
            self.say(f"Removed {instance} from Signalman. It was not changed in Azure.")
        return ExitCode.DONE
