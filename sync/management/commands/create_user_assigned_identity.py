"""manage.py create_user_assigned_identity: make an identity that instances can be given."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from arm.errors import ArmError
from sync.inventory.user_assigned_identities import make_identity
from sync.management.actor import operator_name


class Command(BaseCommand):
    """Makes the identity in Azure at once: an identity that nothing uses changes nothing."""

    help = "Make a user-assigned identity in Azure, and know it here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where it is to be."""
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--subscription", metavar="ID", type=UUID, required=True)
        parser.add_argument("--resource-group", metavar="NAME", required=True)
        parser.add_argument("--location", required=True)
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make it, and print its ids."""
        try:
            made = make_identity(
                options["name"],
                subscription_id=options["subscription"],
                resource_group=options["resource_group"],
                location=options["location"],
                who=operator_name(),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except ArmError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            document = {
                "id": made.arm_id,
                "principal_id": made.principal_id and str(made.principal_id),
                "client_id": made.client_id and str(made.client_id),
            }
            self.stdout.write(json.dumps(document, indent=2))
            return
        self.stdout.write(f"{made.arm_id} has the principal ID {made.principal_id}.")
