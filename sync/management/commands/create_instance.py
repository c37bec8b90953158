"""manage.py create_instance: want an instance that Azure does not have yet."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from arm.errors import ArmError
from arm.request_bodies import SERVICE_MODES, SKUS
from arm.state import ExistenceState
from sync.desired.lifecycle import Site, want_new_instance
from sync.management.actor import operator_name
from sync.management.exit_codes import CHANGES_PENDING
from sync.operations.instance_plan import plan_instance
from sync.operations.rendering import render_json, render_text
from sync.planning.errors import SyncError


class Command(BaseCommand):
    """Checks the name and writes the wanted rows; `apply` makes the instance.

    Exit codes: 1 error, 2 wanted, so that a change is pending.
    """

    help = "Want a new instance. Nothing is made in Azure before an apply."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what can be said only when an instance is made."""
        parser.add_argument("name", metavar="NAME", help="unique in all of Azure")
        parser.add_argument("--subscription", metavar="ID", type=UUID, required=True)
        parser.add_argument("--resource-group", metavar="NAME", required=True)
        parser.add_argument("--location", required=True, help="as westeurope")
        parser.add_argument("--sku", choices=SKUS, default="Standard_S1")
        parser.add_argument(
            "--service-mode",
            choices=SERVICE_MODES,
            default="Serverless",
            help="upstream templates take effect in Serverless, the default",
        )

        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Want it, and show what an apply would write."""
        site = Site(options["subscription"], options["resource_group"])
        existence = ExistenceState(options["location"], options["sku"], options["service_mode"])
        try:
            instance = want_new_instance(options["name"], site, existence, who=operator_name())
            plan = plan_instance(instance)
        except (ArmError, SyncError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            document = {"instance": instance.name, "plan": render_json(plan)}
            self.stdout.write(json.dumps(document, indent=2))
        else:
            self.stdout.write(render_text(plan))
            words = f"Set its identity and upstream, then run `manage.py apply {instance}`."
            self.stdout.write(words)
        sys.exit(CHANGES_PENDING)
