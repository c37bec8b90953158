"""manage.py import_instances: import instances from Azure."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from arm.client import list_subscriptions
from arm.errors import ArmError
from sync.azure_client import arm_settings
from sync.inventory.create_and_update_instances import ImportReport
from sync.inventory.import_subscription import import_subscription
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.terminal import working, write_table


class Command(SignalmanCommand):
    """Imports subscriptions."""

    help = (
        "Import SignalR instances with their identities, upstream templates and Function Apps. "
        "Instances that Signalman already knows are refreshed. "
        "Exit codes: 0 done, 1 something could not be read."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add what to import."""
        parser.add_argument(
            "--subscription",
            metavar="ID",
            type=UUID,
            action="append",
            help="subscription to import; may be repeated; default: every subscription that the "
            "credential can access",
        )
        parser.add_argument(
            "--resource-group", metavar="NAME", help="import only this resource group"
        )
        parser.add_argument("--name", metavar="NAME", help="import only the instance of this name")
        parser.add_argument(
            "--accept",
            action="store_true",
            help="also set the desired state of known instances to Azure's current state",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Import, print the result for each instance, and report what failed."""
        reports: dict[UUID, ImportReport] = {}
        errors: list[str] = []
        for subscription_id in options["subscription"] or _all_subscriptions():
            try:
                with working(self.stdout, f"Reading subscription {subscription_id}"):
                    reports[subscription_id] = import_subscription(
                        subscription_id,
                        resource_group=options["resource_group"],
                        name=options["name"],
                        accept=options["accept"],
                        who=self.actor.name,
                    )
            except ArmError as error:
                errors.append(f"Subscription {subscription_id}: {error}")
        errors += [words for report in reports.values() for words in report.unreadable]
        if options["name"] and not errors and set(reports.values()) <= {ImportReport()}:
            errors.append(
                f"Azure has no instance {options['name']!r} in the subscriptions that the "
                "credential can access."
            )
        documents = [{"subscription": str(key), **asdict(each)} for key, each in reports.items()]
        self.write_json({"subscriptions": documents})
        if not self.is_json:
            self._write_text(reports)
        if errors:
            raise CommandError("\n".join(errors))
        return ExitCode.DONE

    def _write_text(self, reports: dict[UUID, ImportReport]) -> None:
        total = sum(reports.values(), ImportReport())
        outcomes = [field.name for field in fields(total) if field.name != "unreadable"]
        rows = [(name, outcome) for outcome in outcomes for name in getattr(total, outcome)]
        write_table(self.stdout, ("Instance", "Outcome"), rows)
        counts = ", ".join(f"{len(getattr(total, outcome))} {outcome}" for outcome in outcomes)
        number = "1 subscription" if len(reports) == 1 else f"{len(reports)} subscriptions"
        self.say(f"Imported {number}: {counts}.")


def _all_subscriptions() -> list[UUID]:
    return [each.subscription_id for each in list_subscriptions(arm_settings())]
