"""manage.py set_upstream: set the desired upstream templates of an instance."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from sync.desired.history import Author, changing_desired
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.management.text_input import read_text
from sync.operations.plans.upstream_warning import upstream_warning
from upstreams.url_templates.arm_json import dump_templates, load_templates


class Command(SignalmanCommand):
    """Sets the desired templates; `plan` shows the changes and `apply` writes them to Azure."""

    help = (
        "Set the desired upstream templates of an instance from JSON: the output of `az signalr "
        "upstream list`, or the UpstreamSettings of the SignalR emulator. `apply` writes them to "
        "Azure. Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance and the document."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument(
            "document",
            nargs="?",
            default="-",
            metavar="FILE",
            help="JSON file; default: standard input",
        )
        parser.add_argument("--comment", default="", help="change note of the revision")

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Change the desired state."""
        (instance,) = select_instances([options["instance"]])
        author = Author(self.actor.name, "set upstream", options["comment"])
        document = _read(options["document"])
        with changing_desired(instance, author):
            templates = load_templates(instance, document)
        (instance,) = select_instances([instance.name])
        self.write_json({"instance": instance.name, "upstream": dump_templates(instance)})
        number = (
            "1 upstream template" if len(templates) == 1 else f"{len(templates)} upstream templates"
        )
        self.say(f"The desired state of {instance} has {number}.")
        if warning := upstream_warning(instance):
            self.say(f"Warning: {warning}")
        return ExitCode.DONE


def _read(name: str) -> Any:
    try:
        return json.loads(read_text(name))
    except OSError as error:
        raise CommandError(f"The file cannot be read: {error}.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise CommandError(f"The file is not valid JSON: {error}.") from error
