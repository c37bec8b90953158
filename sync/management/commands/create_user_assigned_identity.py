"""manage.py create_user_assigned_identity: make an identity that instances can be given."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from arm.errors import ArmError
from identities.names import validate_user_assigned_id
from sync.azure import arm_client
from sync.borrowing import remember_identities
from sync.management.operators import operator_name
from sync.models import AuditEvent


class Command(BaseCommand):
    """Makes the identity in Azure at once: an identity that nothing uses changes nothing."""

    help = "Make a user-assigned identity in Azure, and know it here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where it is to be."""
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--subscription", metavar="ID", type=UUID, required=True)
        parser.add_argument("--resource-group", metavar="NAME", required=True)
        parser.add_argument("--location", required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make it, and print its ids."""
        arm_id = (
            f"/subscriptions/{options['subscription']}/resourceGroups/{options['resource_group']}"
            f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{options['name']}"
        )
        try:
            validate_user_assigned_id(arm_id)
            made = arm_client(options["subscription"]).create_user_assigned_identity(
                options["resource_group"], options["name"], location=options["location"]
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except ArmError as error:
            raise CommandError(str(error)) from error
        with transaction.atomic():
            remember_identities([made])
            AuditEvent.objects.create(
                who=operator_name(),
                action="write user-assigned identity",
                object=made.arm_id,
                after={"location": made.location, "principal_id": str(made.principal_id)},
            )
        self.stdout.write(f"{made.arm_id} has the principal ID {made.principal_id}.")
