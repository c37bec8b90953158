"""manage.py drift: read Azure again, and compare it with the desired state."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError

from sync.desired.accept_drift import accept
from sync.inventory.drift import (
    Drift,
    compare,
    compare_fleet,
    drift_of,
    refresh_fleet,
)
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.management.terminal import working, write_table
from sync.models import SyncStatus
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json, summary
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
            help="set the desired state of the named instances to Azure's current state",
        )
        parser.add_argument(
            "--path",
            action="append",
            default=[],
            help="accept only the change at this path; needs exactly one instance; may be repeated",
        )
        parser.add_argument(
            "--comment", default="", help="change note of the revision; needs --accept"
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Refresh, print the status of each instance, and report what could not be read."""
        if options["path"] and not options["accept"]:
            raise CommandError("--path needs --accept.")
        if options["accept"] and not options["instances"]:
            raise CommandError("--accept needs the names of instances.")
        entries, errors = self._compare(options)
        counted = _Counted(entries)
        self._write(counted, errors)
        if errors:
            raise CommandError("\n".join(errors))
        return ExitCode.PENDING if counted.drifted else ExitCode.DONE

    def _compare(self, options: dict[str, Any]) -> tuple[Iterable[Drift], Sequence[str]]:
        """Refresh; return the status of each instance, read when it is printed, and errors."""
        names = options["instances"]
        with working(self.stdout, "Reading Azure"):
            if not names:
                errors = refresh_fleet()
                return compare_fleet(), errors
            report = drift_of(select_instances(names, paths=options["path"]))
        if not options["accept"] or report.errors:
            return report.entries, report.errors
        for entry in report.entries:
            accept(entry.instance, options["path"], who=self.actor.name, comment=options["comment"])
        report = compare(select_instances(names))
        return report.entries, report.errors

    def _write(self, entries: Iterable[Drift], errors: Sequence[str]) -> None:
        if not self.is_json:
            headings = ("Instance", "Status", "Detail")
            write_table(self.stdout, headings, (_cells(each) for each in entries))
            return
        with self.json_lists("instances", "errors") as document:
            for entry in entries:
                document.add("instances", _document(entry))
            for error in errors:
                document.add("errors", error)


class _Counted:
    """The entries, and how many of them that were read are drifted."""

    def __init__(self, entries: Iterable[Drift]) -> None:
        self._entries = entries
        self.drifted = 0

    def __iter__(self) -> Iterator[Drift]:
        for entry in self._entries:
            self.drifted += entry.is_drifted
            yield entry


def _document(entry: Drift) -> dict[str, Any]:
    return {
        "instance": str(entry.instance),
        "status": entry.status.value,
        "observedAt": entry.instance.observed_at and entry.instance.observed_at.isoformat(),
        "plan": _plan(entry),
    }


def _plan(entry: Drift) -> dict[str, Any] | None:
    """Return the plan that would undo the drift, or None if there is none."""
    try:
        return render_json(plan_instance(entry.instance, rows=entry.rows))
    except SyncError:
        return None


def _cells(entry: Drift) -> tuple[str, str, str]:
    return str(entry.instance), entry.status.value, _detail(entry)


def _detail(entry: Drift) -> str:
    if entry.status == SyncStatus.SYNCED:
        return ""
    try:
        plan = plan_instance(entry.instance, rows=entry.rows)
    except SyncError as error:
        return str(error)
    return "" if plan.is_empty else summary(plan)
