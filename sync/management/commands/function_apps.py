"""manage.py function_apps: whether Function Apps accept the signed requests sent to them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from arm.errors import ArmError
from sync.components.function_app_targets import set_app_policy
from sync.inventory.function_app_status import (
    FunctionAppStatus,
    function_app_document,
    function_app_status,
)
from sync.inventory.function_apps import refresh_function_app
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.terminal import working, write_table
from upstreams.models import FunctionApp


class Command(SignalmanCommand):
    """Lists Function Apps."""

    help = (
        "List the imported Function Apps, and whether their authentication settings accept the "
        "requests of the templates that send to them. "
        "Exit codes: 0 all apps match, 1 error, 2 an app does not match."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the apps, and what to do with them."""
        parser.add_argument("apps", nargs="*", metavar="NAME", help="default: all imported apps")
        parser.add_argument("--refresh", action="store_true", help="refresh from Azure first")
        parser.add_argument(
            "--policy",
            choices=FunctionApp.Policy.values,
            help="set the policy of the named apps: observe only compares, manage also allows "
            "plans to change the authentication settings",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Set the policy, refresh, and print the status of each app."""
        if options["policy"] and not options["apps"]:
            raise CommandError("--policy needs the names of apps.")
        apps = _selected(options["apps"])
        if options["policy"]:
            policy = FunctionApp.Policy(options["policy"])
            for app in apps:
                set_app_policy(app, policy, who=self.actor.name)
        if options["refresh"]:
            self._refresh(apps)
        found = [function_app_status(app) for app in apps]
        self.write_json([function_app_document(each) for each in found])
        if not self.is_json:
            headings = ("Function App", "Policy", "Status", "Used by", "Detail")
            write_table(self.stdout, headings, map(_row, found))
        is_agreed = all(each.status != "disagrees" for each in found)
        return ExitCode.DONE if is_agreed else ExitCode.PENDING

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


def _row(found: FunctionAppStatus) -> tuple[str, ...]:
    return (
        found.app.name,
        found.app.policy,
        found.status,
        ", ".join(found.instances),
        found.app.problem or " ".join(dict.fromkeys(each.message for each in found.found)),
    )


def _selected(names: list[str]) -> list[FunctionApp]:
    apps = FunctionApp.objects.select_related("subscription")
    if not names:
        return list(apps)
    found: list[FunctionApp] = []
    for name in names:
        app = apps.filter(name__iexact=name).first()
        if app is None:
            raise CommandError(f"Unknown Function App {name!r}. Run `import_instances` first.")
        found.append(app)
    return found
