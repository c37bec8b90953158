"""manage.py set_upstream: say which templates an instance is to have."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from sync.desired.history import Author, wanting
from sync.management.actor import operator_name
from sync.management.selection import select_instances
from upstreams.redaction import redacted
from upstreams.template_documents import dump_templates, load_templates


class Command(BaseCommand):
    """Sets the wanted templates; `plan` shows what that means and `apply` writes it to Azure."""

    help = "Set an instance's templates from a JSON list, as `az signalr upstream list` prints."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance and the document."""
        parser.add_argument("instance", help="the instance's name")
        parser.add_argument("document", nargs="?", default="-", help="a file; default: stdin")
        parser.add_argument("--comment", default="", help="why, for the history")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Change the rows, or say in one sentence why not."""
        (instance,) = select_instances([options["instance"]])
        author = Author(operator_name(), "set upstream", options["comment"])
        try:
            document = json.loads(_read(options["document"]))
            with wanting(instance, author):
                templates = load_templates(instance, document)
        except OSError as error:
            raise CommandError(f"The document cannot be read: {error}.") from error
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise CommandError(f"The document is not JSON in UTF-8: {error}.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["json"]:
            (instance,) = select_instances([instance.name])
            content = {"instance": instance.name, "upstream": redacted(dump_templates(instance))}
            self.stdout.write(json.dumps(content, indent=2))
            return
        self.stdout.write(f"{instance} is to have {len(templates)} upstream template(s).")


def _read(document: str) -> str:
    return sys.stdin.read() if document == "-" else Path(document).read_text(encoding="utf-8")
