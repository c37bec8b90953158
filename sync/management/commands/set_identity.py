"""manage.py set_identity: say which identity an instance is to have."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from identities.models import ManagedIdentity, UserAssignedIdentity
from sync.desired.history import Author, wanting
from sync.management.actor import operator_name
from sync.management.selection import select_instances


class Command(BaseCommand):
    """Sets the wanted identity; `plan` shows what that means and `apply` writes it to Azure."""

    help = "Set the one managed identity that an instance is to have."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance and exactly one of the three types."""
        parser.add_argument("instance", help="the instance's name")
        kind = parser.add_mutually_exclusive_group(required=True)
        kind.add_argument("--system-assigned", action="store_true")
        kind.add_argument("--user-assigned", metavar="ID", help="the identity's ARM id")
        kind.add_argument("--none", action="store_true", help="no identity")
        parser.add_argument("--comment", default="", help="why, for the history")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Change the row, or say in one sentence why not."""
        (instance,) = select_instances([options["instance"]])
        author = Author(operator_name(), "set identity", options["comment"])
        wanted = _wanted(options)
        try:
            with wanting(instance, author):
                instance.identity.become(*wanted)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["json"]:
            borrowed = instance.identity.user_assigned
            identity = {
                "type": instance.identity.type,
                "user_assigned": borrowed.arm_id if borrowed else None,
            }
            document = {"instance": instance.name, "identity": identity}
            self.stdout.write(json.dumps(document, indent=2))
            return
        self.stdout.write(f"{instance} is to have the identity {instance.identity}.")


def _wanted(
    options: dict[str, Any],
) -> tuple[ManagedIdentity.Type, UserAssignedIdentity | None]:
    """Read the type and, for a user-assigned one, its identity from the options."""
    if options["system_assigned"]:
        return ManagedIdentity.Type.SYSTEM_ASSIGNED, None
    if options["none"]:
        return ManagedIdentity.Type.NONE, None
    arm_id = options["user_assigned"]
    identity = UserAssignedIdentity.objects.with_arm_id(arm_id).first()
    if identity is None:
        raise CommandError(f"There is no user-assigned identity {arm_id!r}: import it first.")
    return ManagedIdentity.Type.USER_ASSIGNED, identity
