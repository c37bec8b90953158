"""manage.py applications: the resources that a signed template can request tokens for."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, Final

from arm.graph import Application
from sync.inventory.token_resources import search_applications
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.terminal import working, write_table
from upstreams.token_requests.data_planes import DATA_PLANES

_V2: Final = "v2 tokens: their issuer is not the v1 issuer that receivers expect by default"


class Command(SignalmanCommand):
    """Lists the tenant's applications."""

    help = (
        "List the resources for which an upstream template can request a token: the tenant's "
        "applications from Microsoft Graph, or Azure services with --data-planes. "
        "Exit codes: 0 done, 1 error."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the search."""
        parser.add_argument(
            "--search", default="", help="list only applications with this word or client ID"
        )
        parser.add_argument(
            "--data-planes",
            action="store_true",
            help="list the resources of Azure services instead of applications",
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Print the list."""
        if options["data_planes"]:
            self.write_json([asdict(plane) for plane in DATA_PLANES])
            rows = [(plane.service, plane.resource, plane.source) for plane in DATA_PLANES]
            self._write(("Service", "Resource", "Source"), rows)
            return ExitCode.DONE
        with working(self.stdout, "Reading Microsoft Graph"):
            found = search_applications(options["search"])
        self.write_json([_document(each) for each in found])
        rows = [
            (each.display_name, ", ".join(each.resources), _V2 if each.has_v2_tokens else "")
            for each in found
        ]
        self._write(("Application", "Resources", "Note"), rows)
        return ExitCode.DONE

    def _write(self, headings: tuple[str, ...], rows: list[tuple[str, str, str]]) -> None:
        if not self.is_json:
            write_table(self.stdout, headings, rows)


def _document(application: Application) -> dict[str, Any]:
    return {
        "appId": application.app_id,
        "displayName": application.display_name,
        "resources": list(application.resources),
        "requestedAccessTokenVersion": application.requested_access_token_version,
        "hasV2Tokens": application.has_v2_tokens,
    }
