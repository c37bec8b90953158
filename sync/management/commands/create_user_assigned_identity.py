"""manage.py create_user_assigned_identity: create an identity that instances can use."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from sync.inventory.user_assigned_identities import create_identity
from sync.management.base import ExitCode, SignalmanCommand


class Command(SignalmanCommand):
    """Creates the identity in Azure at once: an identity that nothing uses affects nothing."""

    help = (
        "Create a user-assigned identity in Azure immediately, and add it to Signalman. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the place."""
        parser.add_argument("name", metavar="NAME", help="name of the identity")
        parser.add_argument(
            "--subscription", metavar="ID", type=UUID, required=True, help="subscription ID"
        )
        parser.add_argument(
            "--resource-group", metavar="NAME", required=True, help="existing resource group"
        )
        parser.add_argument("--location", required=True, help="Azure region, such as westeurope")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Create it, and print its ids."""
        created = create_identity(
            options["name"],
            subscription_id=options["subscription"],
            resource_group=options["resource_group"],
            location=options["location"],
            who=self.actor.name,
        )
        self.write_json(
            {
                "id": created.arm_id,
                "principal_id": created.principal_id and str(created.principal_id),
                "client_id": created.client_id and str(created.client_id),
            }
        )
        self.say(f"Created {created.arm_id} with the principal ID {created.principal_id}.")
        return ExitCode.DONE
