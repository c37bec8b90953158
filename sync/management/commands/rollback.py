"""manage.py rollback: make an earlier revision the desired state again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sync.desired.history import rollback
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json, render_text


class Command(SignalmanCommand):
    """Restores a revision as a new one, and shows the plan; `apply` writes it to Azure."""

    help = (
        "Make an earlier revision the desired state again, and show the plan. Nothing is written "
        "to Azure. Exit codes: 0 Azure already matches, 1 error, 2 changes pending."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance and the revision."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument(
            "number", type=int, metavar="NUMBER", help="number of the revision in `history`"
        )
        parser.add_argument("--comment", default="", help="change note of the revision")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Restore the revision, and show what an apply would change."""
        (instance,) = select_instances([options["instance"]])
        number = options["number"]
        rollback(instance, number, who=self.actor.name, comment=options["comment"])
        self.say(f"The desired state of {instance} is that of revision {number}.")
        (instance,) = select_instances([instance.name])
        plan = plan_instance(instance)
        self.write_json({"instance": instance.name, "revision": number, "plan": render_json(plan)})
        self.say(render_text(plan))
        return ExitCode.DONE if plan.is_empty else ExitCode.PENDING
