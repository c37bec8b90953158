"""manage.py create_instance: add an instance that does not exist in Azure yet."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from arm.instance_state import ExistenceState
from arm.request_bodies import SERVICE_MODES, SKUS
from sync.desired.add_instance import Site, add_new_instance
from sync.management.base import ExitCode, SignalmanCommand
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json, render_text


class Command(SignalmanCommand):
    """Checks the name and adds the instance; `apply` creates it."""

    help = (
        "Add a new instance to the desired state. `apply` creates it in Azure. "
        "Exit codes: 1 error, 2 added, not created in Azure yet."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the properties that can be set only at creation."""
        parser.add_argument(
            "name", metavar="NAME", help="name of the instance; must be unique in Azure"
        )
        parser.add_argument(
            "--subscription", metavar="ID", type=UUID, required=True, help="subscription ID"
        )
        parser.add_argument(
            "--resource-group", metavar="NAME", required=True, help="existing resource group"
        )
        parser.add_argument("--location", required=True, help="Azure region, such as westeurope")
        parser.add_argument(
            "--sku", choices=SKUS, default="Standard_S1", help="default: %(default)s"
        )
        parser.add_argument(
            "--service-mode",
            choices=SERVICE_MODES,
            default="Serverless",
            help="default: %(default)s; upstream templates take effect only in this mode",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Add the instance, and show its plan."""
        site = Site(options["subscription"], options["resource_group"])
        existence = ExistenceState(options["location"], options["sku"], options["service_mode"])
        instance = add_new_instance(options["name"], site, existence, who=self.actor.name)
        plan = plan_instance(instance)
        self.write_json({"instance": instance.name, "plan": render_json(plan)})
        self.say(render_text(plan))
        self.say(f"Set its identity and upstream templates, then run `manage.py apply {instance}`.")
        return ExitCode.PENDING
