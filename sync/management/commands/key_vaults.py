"""manage.py key_vaults: the secrets that templates name, and whether they can be read."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from arm.errors import ArmError
from identities.models import SignalRInstance
from identities.vaults import VaultGrant, VaultSecret
from sync.granting import want_grants
from sync.importing import refresh
from sync.management.operators import operator_name
from sync.management.selection import select_instances
from sync.management.terminal import working, write_table
from sync.secrets import check_secrets, references_of


@dataclass(frozen=True, slots=True)
class Row:
    """One reference of an instance, and what Azure last answered about it."""

    instance: str
    vault: str
    secret: str
    grant: str
    state: str


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
        rows = [row for instance in chosen for row in _rows(instance)]
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


def _rows(instance: SignalRInstance) -> list[Row]:
    references = sorted(references_of(instance), key=lambda each: (each.vault, each.secret))
    if not references:
        return []
    grants = {
        grant.vault.name: grant
        for grant in instance.vault_grants.select_related("vault")
        if grant.principal_id == instance.identity.principal_id
    }
    vaults = [each.vault for each in references]
    secrets = {
        (row.vault.name, row.name): row.get_state_display()
        for row in VaultSecret.objects.filter(vault__name__in=vaults).select_related("vault")
    }
    return [
        Row(
            instance=str(instance),
            vault=each.vault,
            secret=each.secret,
            grant=_words(grants.get(each.vault)),
            state=secrets.get((each.vault, each.secret.lower()), "Not checked yet"),
        )
        for each in references
    ]


def _words(grant: VaultGrant | None) -> str:
    if grant is None:
        return "None known"
    return f"{grant.get_mechanism_display()}: {grant.standing(timezone.now())}"
