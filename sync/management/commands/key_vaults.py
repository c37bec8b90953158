"""manage.py key_vaults: the secrets that templates name, and whether they can be read."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arm.errors import ArmError
from identities.models import SignalRInstance
from sync.inventory.import_instances import refresh
from sync.inventory.secret_access import named_secrets
from sync.inventory.secrets import check_secrets, references_of
from sync.inventory.vault_grants import want_grants
from sync.management.actor import operator_name
from sync.management.selection import select_instances
from sync.management.terminal import working, write_table


class Command(BaseCommand):
    """Lists Key Vault references. Exit codes: 0 listed, 1 error."""

    help = "Show which secrets URL templates name, and whether the identities may read them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: every instance")
        parser.add_argument("--refresh", action="store_true", help="ask Azure first")
        parser.add_argument(
            "--want-grants",
            action="store_true",
            help="plan the grants that Azure lacked when the named instances were imported",
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what the options ask for, then list."""
        if options["want_grants"] and not options["instances"]:
            raise CommandError("Name the instances whose grants are to be planned.")
        chosen = select_instances(options["instances"])
        if options["want_grants"]:
            for instance in chosen:
                want_grants(instance, who=operator_name())
        if options["refresh"]:
            with working(self.stdout, "Reading Azure"):
                _refresh(chosen)
        rows = [row for instance in chosen for row in named_secrets(instance)]
        if options["json"]:
            self.stdout.write(json.dumps({"references": [asdict(row) for row in rows]}, indent=2))
        else:
            cells = [(row.instance, row.vault, row.secret, row.grant, row.state) for row in rows]
            write_table(self.stdout, ("Instance", "Vault", "Secret", "Grant", "State"), cells)


def _refresh(instances: list[SignalRInstance]) -> None:
    try:
        for instance in instances:
            if references_of(instance):
                refresh(instance)
        check_secrets()
    except ArmError as error:
        raise CommandError(str(error)) from error
