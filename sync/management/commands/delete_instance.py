"""manage.py delete_instance: delete an instance in Azure."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.management.progress import follow, watch
from sync.models import Operation
from sync.operations.json_output import operation_document
from sync.operations.plans.output import render_text
from sync.operations.start import start_delete


class Command(SignalmanCommand):
    """Deletes an unprotected instance permanently."""

    help = (
        "Delete an instance in Azure permanently. Turn off its deletion protection first: "
        "`manage.py protect NAME --off`. "
        "Exit codes: 0 deleted, 1 error, 2 started, not finished."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance, and its name again."""
        parser.add_argument("instance", metavar="NAME", help="instance to delete")
        parser.add_argument(
            "--confirm",
            metavar="NAME",
            required=True,
            help="the name of the instance again, to confirm the deletion",
        )
        parser.add_argument("--wait", action="store_true", help="wait until the operation ends")
        parser.add_argument(
            "--inline",
            action="store_true",
            help="run the operation in this process, without a worker, and wait",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Start the deletion, and wait for it if requested."""
        (instance,) = select_instances([options["instance"]])
        operation = start_delete(instance, confirm=options["confirm"], actor=self.actor)
        self.say(render_text(operation.read_plan()) + "\n")
        if options["wait"] or options["inline"]:
            self._wait(operation, inline=options["inline"])
        else:
            self.say(f"Started operation {operation.pk}.")
        self.write_json({"operation": operation_document(operation)})
        if not operation.is_finished:
            return ExitCode.PENDING
        if operation.state != Operation.State.SUCCEEDED:
            raise CommandError(
                f"{instance} was not deleted. Run `manage.py operations {operation.pk}` to see why."
            )
        return ExitCode.DONE

    def _wait(self, operation: Operation, *, inline: bool) -> None:
        if not self.is_json:
            follow([operation], self.stdout, inline=inline)
            return
        for _operation in watch([operation], inline=inline):
            pass
