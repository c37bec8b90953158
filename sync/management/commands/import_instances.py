"""manage.py import_instances: take in what Azure has."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from arm.client import list_subscriptions
from arm.errors import ArmError
from sync.azure_client import arm_settings
from sync.inventory.import_instances import import_subscription
from sync.inventory.instance_list import ImportReport
from sync.management.actor import operator_name
from sync.management.terminal import working, write_table


class Command(BaseCommand):
    """Imports subscriptions. Exit codes: 0 done, 1 something could not be read."""

    help = "Import SignalR instances, and the identities and templates that they have in Azure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to import, and what to make of instances that are known."""
        parser.add_argument(
            "--subscription",
            metavar="ID",
            type=UUID,
            action="append",
            help="may be repeated; default: every subscription that the credential can see",
        )
        parser.add_argument("--resource-group", metavar="NAME", help="only this group's instances")
        parser.add_argument("--name", metavar="NAME", help="only the instance of this name")
        parser.add_argument(
            "--accept", action="store_true", help="want what Azure has, of known instances too"
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import, print what became of each instance, and say in one sentence what failed."""
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
                        who=operator_name(),
                    )
            except ArmError as error:
                errors.append(f"Subscription {subscription_id}: {error}")
        errors += [words for report in reports.values() for words in report.unreadable]
        if options["name"] and not errors and set(reports.values()) <= {ImportReport()}:
            errors.append(f"Azure shows no instance {options['name']!r} here.")
        self._write_json(reports) if options["json"] else self._write_text(reports)
        if errors:
            raise CommandError("\n".join(errors))

    def _write_json(self, reports: dict[UUID, ImportReport]) -> None:
        documents = [{"subscription": str(key), **asdict(each)} for key, each in reports.items()]
        self.stdout.write(json.dumps({"subscriptions": documents}, indent=2))

    def _write_text(self, reports: dict[UUID, ImportReport]) -> None:
        total = sum(reports.values(), ImportReport())
        outcomes = [field.name for field in fields(total) if field.name != "unreadable"]
        rows = [(name, outcome) for outcome in outcomes for name in getattr(total, outcome)]
        write_table(self.stdout, ("Instance", "Outcome"), rows)
        counts = ", ".join(f"{len(getattr(total, outcome))} {outcome}" for outcome in outcomes)
        self.stdout.write(f"Imported {len(reports)} subscription(s): {counts}.")


def _all_subscriptions() -> list[UUID]:
    try:
        return [each.subscription_id for each in list_subscriptions(arm_settings())]
    except ArmError as error:
        raise CommandError(str(error)) from error
