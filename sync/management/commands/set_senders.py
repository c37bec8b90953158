"""manage.py set_senders: set the principals that plans let send to an instance."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from arm.role_assignments import PRINCIPAL_TYPES
from sync.components.senders import Sender, desired_senders
from sync.desired.senders import change_senders, own_sender
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances


class Command(SignalmanCommand):
    """Adds and removes desired senders; `plan` shows missing roles, and `apply` assigns them."""

    help = (
        "Set the principals that should be able to send messages through an instance. `apply` "
        "assigns them the role SignalR REST API Owner; it never removes a role. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance and the principals."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument(
            "--add",
            action="append",
            default=[],
            metavar="ID",
            help="add the principal with this object ID; may be repeated",
        )
        parser.add_argument(
            "--type",
            choices=PRINCIPAL_TYPES,
            default=PRINCIPAL_TYPES[0],
            help="type of the principals of --add; default: %(default)s",
        )
        parser.add_argument(
            "--add-own",
            action="store_true",
            help="add the principal with which Signalman's hubs send",
        )
        parser.add_argument(
            "--remove",
            action="append",
            default=[],
            metavar="ID",
            help="remove the principal with this object ID; may be repeated",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Change the desired senders."""
        (instance,) = select_instances([options["instance"]])
        added = [Sender(each, options["type"]) for each in options["add"]]
        added += [own_sender()] if options["add_own"] else []
        is_changed = change_senders(
            instance, add=added, remove=options["remove"], who=self.actor.name
        )
        (instance,) = select_instances([instance.name])
        senders = desired_senders(instance)
        documents = [
            {"principal_id": each.principal_id, "principal_type": each.principal_type}
            for each in senders
        ]
        self.write_json({"instance": instance.name, "senders": documents, "changed": is_changed})
        named = ", ".join(each.principal_id for each in senders) or "none"
        self.say(f"Desired senders of {instance}: {named}{'' if is_changed else ' (unchanged)'}.")
        return ExitCode.DONE
