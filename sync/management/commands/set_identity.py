"""manage.py set_identity: set the desired identity of an instance."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from identities.models import ManagedIdentity, UserAssignedIdentity
from sync.desired.history import Author, changing_desired
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances


class Command(SignalmanCommand):
    """Sets the desired identity; `plan` shows the changes and `apply` writes them to Azure."""

    help = (
        "Set the desired managed identity of an instance. `apply` writes it to Azure. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance and exactly one of the three types."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        kind = parser.add_mutually_exclusive_group(required=True)
        kind.add_argument(
            "--system-assigned", action="store_true", help="the system-assigned identity"
        )
        kind.add_argument(
            "--user-assigned", metavar="ID", help="the user-assigned identity with this ARM ID"
        )
        kind.add_argument("--none", action="store_true", help="no identity")
        parser.add_argument("--comment", default="", help="change note of the revision")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Change the desired state."""
        (instance,) = select_instances([options["instance"]])
        author = Author(self.actor.name, "set identity", options["comment"])
        desired = _desired(options)
        with changing_desired(instance, author):
            instance.identity.become(*desired)
        assigned = instance.identity.user_assigned
        identity = {
            "type": instance.identity.type,
            "user_assigned": assigned.arm_id if assigned else None,
        }
        self.write_json({"instance": instance.name, "identity": identity})
        self.say(f"The desired identity of {instance} is {instance.identity}.")
        return ExitCode.DONE


def _desired(
    options: dict[str, Any],
) -> tuple[ManagedIdentity.Type, UserAssignedIdentity | None]:
    """Return the type and, for a user-assigned identity, its row."""
    if options["system_assigned"]:
        return ManagedIdentity.Type.SYSTEM_ASSIGNED, None
    if options["none"]:
        return ManagedIdentity.Type.NONE, None
    arm_id = options["user_assigned"]
    identity = UserAssignedIdentity.objects.with_arm_id(arm_id).first()
    if identity is None:
        raise CommandError(
            f"Unknown user-assigned identity {arm_id!r}. Import its subscription first."
        )
    return ManagedIdentity.Type.USER_ASSIGNED, identity
