"""manage.py drift: ask Azure again, and show what differs from what is wanted."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sync.desired.accept_drift import accept
from sync.inventory.drift import Drift, DriftReport, compare, drift_of, drift_of_fleet
from sync.management.actor import operator_name
from sync.management.exit_codes import CHANGES_PENDING
from sync.management.selection import select_instances
from sync.management.terminal import working, write_table
from sync.operations.instance_plan import plan_instance
from sync.operations.rendering import render_json, summary
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired


class Command(BaseCommand):
    """Reads Azure and writes the observed side. Exit codes: 0 no drift, 1 error, 2 drift."""

    help = "Refresh what Azure has and compare it with what is wanted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instances."""
        parser.add_argument("instances", nargs="*", metavar="NAME", help="default: every instance")
        parser.add_argument(
            "--accept", action="store_true", help="want what Azure has, of the named instances"
        )
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="accept only the change at this path of one instance; may be repeated",
        )
        parser.add_argument("--comment", default="", help="why it is accepted, for the history")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Refresh, print how each instance stands, and say what could not be read."""
        names = options["instances"]
        if options["path"] and not options["accept"]:
            raise CommandError("A path says what to accept: give --accept with it.")
        if options["accept"] and not names:
            raise CommandError("Name the instances whose drift is to be accepted.")
        with working(self.stdout, "Reading Azure"):
            chosen = select_instances(names, paths=options["path"])
            report = drift_of(chosen) if names else drift_of_fleet()
        if options["accept"] and not report.errors:
            report = _accepted(report, options)
        if options["json"]:
            self.stdout.write(json.dumps(_document(report), indent=2))
        else:
            rows = [
                (str(each.instance), each.status.value, _detail(each)) for each in report.entries
            ]
            write_table(self.stdout, ("Instance", "Status", "Detail"), rows)
        if report.errors:
            raise CommandError("\n".join(report.errors))
        if report.drifted:
            sys.exit(CHANGES_PENDING)


def _accepted(report: DriftReport, options: dict[str, Any]) -> DriftReport:
    """Accept, and return how the instances stand then."""
    try:
        for entry in report.entries:
            accept(entry.instance, options["path"], who=operator_name(), comment=options["comment"])
    except SyncError as error:
        raise CommandError(str(error)) from error
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
    """Return the plan that would undo the drift, or None where none can be made."""
    try:
        return render_json(plan_instance(entry.instance))
    except (SyncError, InvalidDesired):
        return None


def _detail(entry: Drift) -> str:
    try:
        plan = plan_instance(entry.instance)
    except (SyncError, InvalidDesired) as error:
        return str(error)
    return "" if plan.is_empty else summary(plan)
