"""manage.py key_vaults: Key Vault references, and whether they can be read."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from identities.models import SignalRInstance
from sync.desired.grant_choices import desire_all_grants
from sync.inventory.key_vault.secret_access import named_secrets
from sync.inventory.key_vault.secrets import references_of
from sync.inventory.refresh import refresh
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.management.terminal import working, write_table


class Command(SignalmanCommand):
    """Lists Key Vault references."""

    help = (
        "List the Key Vault secrets that URL templates reference, and whether the instances' "
        "identities may read them. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instances."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: all instances")
        parser.add_argument("--refresh", action="store_true", help="refresh from Azure first")
        parser.add_argument(
            "--add-grants",
            action="store_true",
            help="add grants that were missing when the named instances were imported to their "
            "desired state",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Set what the options request, then list."""
        if options["add_grants"] and not options["instances"]:
            raise CommandError("--add-grants needs the names of instances.")
        selected = select_instances(options["instances"])
        if options["add_grants"]:
            for instance in selected:
                desire_all_grants(instance, who=self.actor.name)
        if options["refresh"]:
            with working(self.stdout, "Reading Azure"):
                _refresh(selected)
        rows = [row for instance in selected for row in named_secrets(instance)]
        self.write_json({"references": [asdict(row) for row in rows]})
        if not self.is_json:
            cells = [(row.instance, row.vault, row.secret, row.grant, row.state) for row in rows]
            write_table(self.stdout, ("Instance", "Vault", "Secret", "Grant", "State"), cells)
        return ExitCode.DONE


def _refresh(instances: list[SignalRInstance]) -> None:
    since = timezone.now()
    for instance in instances:
        if references_of(instance):
            refresh(instance, since=since)
