"""manage.py applications: what a signed template can ask a token for."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from arm.errors import ArmError
from arm.graph import Application, list_applications
from sync.azure_client import graph_settings
from sync.management.terminal import working, write_table
from upstreams.data_planes import DATA_PLANES

_V2: Final = "v2 tokens: their issuer is not the v1 one that receivers expect"


class Command(BaseCommand):
    """Lists the tenant's applications. Exit codes: 0 done, 1 error."""

    help = (
        "List the resources to choose from for a template: the tenant's applications, from "
        "Microsoft Graph, and with --data-planes Azure's own services."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to look for."""
        parser.add_argument("--search", default="", help="a word of the name, or a client ID")
        parser.add_argument(
            "--data-planes",
            action="store_true",
            help="list what Azure's services require instead, each with its source",
        )
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the list."""
        if options["data_planes"]:
            self._write_data_planes(as_json=options["json"])
            return
        try:
            with working(self.stdout, "Reading Microsoft Graph"):
                found = list(list_applications(graph_settings(), options["search"]))
        except ArmError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([_document(each) for each in found], indent=2))
            return
        rows = [
            (each.display_name, ", ".join(each.resources), _V2 if each.has_v2_tokens else "")
            for each in found
        ]
        write_table(self.stdout, ("Application", "Resources", "Note"), rows)

    def _write_data_planes(self, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([asdict(plane) for plane in DATA_PLANES], indent=2))
            return
        rows = [(plane.service, plane.resource, plane.source) for plane in DATA_PLANES]
        write_table(self.stdout, ("Service", "Resource", "Source"), rows)


def _document(application: Application) -> dict[str, Any]:
    return {
        "appId": application.app_id,
        "displayName": application.display_name,
        "resources": list(application.resources),
        "requestedAccessTokenVersion": application.requested_access_token_version,
        "hasV2Tokens": application.has_v2_tokens,
    }
