"""manage.py function_apps: how the Function Apps agree with the templates that point at them."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from arm.errors import ArmError
from sync.inventory.function_app_status import Agreement, agreement_document, agreement_of
from sync.inventory.function_apps import refresh_function_app, set_app_policy
from sync.management.actor import operator_name
from sync.management.terminal import working, write_table
from upstreams.models import FunctionApp

DISAGREEMENT_FOUND: Final = 2


class Command(BaseCommand):
    """Exit codes: 0 all agree, 1 error, 2 some app disagrees."""

    help = "List the Function Apps that were imported, and whether they let signed requests in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the apps, and what is to be done with them."""
        parser.add_argument("apps", nargs="*", metavar="NAME", help="default: every known app")
        parser.add_argument("--refresh", action="store_true", help="ask Azure again")
        parser.add_argument(
            "--policy",
            choices=FunctionApp.Policy.values,
            help="manage: let plans write the named apps' authentication; observe: only compare",
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked, and print how each app agrees."""
        if options["policy"] and not options["apps"]:
            raise CommandError("Name the apps whose policy is to be set.")
        apps = _selected(options["apps"])
        if options["policy"]:
            for app in apps:
                set_app_policy(app, FunctionApp.Policy(options["policy"]), who=operator_name())
        if options["refresh"]:
            self._refresh(apps)
        agreements = [agreement_of(app) for app in apps]
        if options["json"]:
            self.stdout.write(
                json.dumps([agreement_document(each) for each in agreements], indent=2)
            )
        else:
            self._write_text(agreements)
        if any(each.standing == "disagrees" for each in agreements):
            sys.exit(DISAGREEMENT_FOUND)

    def _refresh(self, apps: list[FunctionApp]) -> None:
        errors = []
        with working(self.stdout, "Reading Azure"):
            for app in apps:
                try:
                    refresh_function_app(app)
                except ArmError as error:
                    errors.append(f"{app}: {error}")
        if errors:
            raise CommandError("\n".join(errors))

    def _write_text(self, agreements: list[Agreement]) -> None:
        rows = [
            (
                each.app.name,
                each.app.policy,
                each.standing,
                ", ".join(each.instances),
                each.app.problem or " ".join(found.message for found in each.found),
            )
            for each in agreements
        ]
        write_table(self.stdout, ("Function App", "Policy", "Standing", "Used by", "Detail"), rows)


def _selected(names: list[str]) -> list[FunctionApp]:
    apps = FunctionApp.objects.select_related("subscription")
    if not names:
        return list(apps)
    found: list[FunctionApp] = []
    for name in names:
        app = apps.filter(name__iexact=name).first()
        if app is None:
            raise CommandError(f"There is no Function App {name!r}: run import_instances first.")
        found.append(app)
    return found
