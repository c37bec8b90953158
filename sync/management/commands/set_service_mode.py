"""manage.py set_service_mode: set the desired service mode of an instance."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from arm.request_bodies import SETTABLE_SERVICE_MODES
from sync.desired.service_mode import set_service_mode
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances

_UNMANAGED: Final = "unmanaged"


class Command(SignalmanCommand):
    """Sets the desired service mode; `plan` shows the change and `apply` writes it to Azure."""

    help = (
        "Set the desired service mode of an instance. Upstream templates take effect only in "
        "Serverless mode. `apply` writes it to Azure. Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance and the mode."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument(
            "mode",
            choices=(*SETTABLE_SERVICE_MODES, _UNMANAGED),
            help="desired mode; with unmanaged, plans do not change the mode",
        )
        parser.add_argument("--comment", default="", help="change note of the revision")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Change the desired state."""
        (instance,) = select_instances([options["instance"]])
        mode = "" if options["mode"] == _UNMANAGED else options["mode"]
        is_changed = set_service_mode(
            instance, mode, who=self.actor.name, comment=options["comment"]
        )
        self.write_json(
            {"instance": instance.name, "service_mode": mode or None, "changed": is_changed}
        )
        same = "" if is_changed else " (unchanged)"
        if mode:
            self.say(f"The desired service mode of {instance} is {mode}{same}.")
        else:
            self.say(f"The service mode of {instance} is not managed{same}.")
        return ExitCode.DONE
