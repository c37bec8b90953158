"""manage.py drift: read Azure again, and compare it with the desired state."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from sync.desired.accept_drift import accept
from sync.inventory.drift import Drift, DriftReport, compare, drift_of, drift_of_fleet
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.selection import select_instances
from sync.management.terminal import working, write_table
from sync.operations.instance_plan import plan_instance
from sync.operations.plan_output import render_json, summary
from sync.planning.errors import SyncError


class Command(SignalmanCommand):
    """Refreshes the observed state and compares it."""

    help = (
        "Refresh instances from Azure and compare them with the desired state. "
        "Exit codes: 0 no drift, 1 error, 2 drift."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instances, and what to accept."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: all instances")
        parser.add_argument(
            "--accept",
            action="store_true",
            help="make Azure's current state the desired state of the named instances",
        )
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="accept only the change at this path of one instance; may be repeated",
        )
        parser.add_argument("--comment", default="", help="with --accept: a change note")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Refresh, print the status of each instance, and report what could not be read."""
        names = options["instances"]
        if options["path"] and not options["accept"]:
            raise CommandError("--path needs --accept.")
        if options["accept"] and not names:
            raise CommandError("--accept needs the names of instances.")
        with working(self.stdout, "Reading Azure"):
            selected = select_instances(names, paths=options["path"])
            report = drift_of(selected) if names else drift_of_fleet()
        if options["accept"] and not report.errors:
            report = self._accept(report, options)
        self.write_json(_document(report))
        if not self.is_json:
            rows = [
                (str(each.instance), each.status.value, _detail(each)) for each in report.entries
            ]
            write_table(self.stdout, ("Instance", "Status", "Detail"), rows)
        if report.errors:
            raise CommandError("\n".join(report.errors))
        return ExitCode.PENDING if report.drifted else ExitCode.DONE

    def _accept(self, report: DriftReport, options: dict[str, Any]) -> DriftReport:
        """Accept the drift, and return the report after it."""
        for entry in report.entries:
            accept(entry.instance, options["path"], who=self.actor.name, comment=options["comment"])
        return compare(select_instances(options["instances"]))


def _document(report: DriftReport) -> dict[str, Any]:
    return {
        "instances": [
            {
                "instance": str(entry.instance),
                "status": entry.status.value,
                "observedAt": entry.instance.observed_at and entry.instance.observed_at.isoformat(),
                "plan": _plan(entry),
            }
            for entry in report.entries
        ],
        "errors": list(report.errors),
    }


def _plan(entry: Drift) -> dict[str, Any] | None:
    """Return the plan that would undo the drift, or None if there is none."""
    try:
        return render_json(plan_instance(entry.instance))
    except SyncError:
        return None


def _detail(entry: Drift) -> str:
    try:
        plan = plan_instance(entry.instance)
    except SyncError as error:
        return str(error)
    return "" if plan.is_empty else summary(plan)
