"""manage.py set_url_secret: the secret that an instance's requests carry in their address."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from sync.desired.request_requirements import demanding
from sync.management.actor import operator_name
from sync.management.selection import select_instances
from upstreams.demands import ReceiverDemands
from upstreams.receiver.authentication.url_secrets import LONGEST, SHORTEST


class Command(BaseCommand):
    """Reads a secret from standard input and keeps a digest of it."""

    help = (
        "Accept a secret in the address of an instance's upstream requests, read from standard "
        "input. The one that was set before is accepted as well, until the next is set."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the instance, never the secret: arguments show in lists of processes."""
        parser.add_argument("instance", help="the instance's name")
        parser.add_argument(
            "--parameter", help="the query's parameter that holds it; '': a segment of the path"
        )
        parser.add_argument("--demand", action="store_true", help="refuse requests without it")
        parser.add_argument("--only", action="store_true", help="forget the secret before this one")
        parser.add_argument("--clear", action="store_true", help="demand none, and forget them all")
        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Change the instance's row."""
        secret = "" if options["clear"] else _secret()
        (instance,) = select_instances([options["instance"]])
        try:
            with demanding(instance, who=operator_name()) as demands:
                _change(demands, secret, options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_document(demands), indent=2))
            return
        self.stdout.write(_summary(demands))


def _change(demands: ReceiverDemands, secret: str, options: dict[str, Any]) -> None:
    if options["clear"]:
        demands.forget_secrets()
        return
    demands.accept(secret)
    demands.url_secret |= options["demand"]
    if options["only"]:
        demands.url_secret_digest_before = ""
    if options["parameter"] is not None:
        demands.url_secret_parameter = options["parameter"]


def _secret() -> str:
    typed = getpass("Secret: ") if sys.stdin.isatty() else sys.stdin.readline()
    secret = typed.rstrip("\r\n")
    if not SHORTEST <= len(secret) <= LONGEST:
        raise CommandError(f"A secret has {SHORTEST} to {LONGEST} characters.")
    return secret


def _document(demands: ReceiverDemands) -> dict[str, Any]:
    digests = (demands.url_secret_digest, demands.url_secret_digest_before)
    return {
        "instance": demands.instance.name,
        "secrets": sum(bool(digest) for digest in digests),
        "parameter": demands.url_secret_parameter,
        "is_demanded": demands.url_secret,
    }


def _summary(demands: ReceiverDemands) -> str:
    if not demands.url_secret_digest:
        return f"{demands.instance} accepts no secret and demands none."
    number = "Two secrets are" if demands.url_secret_digest_before else "One secret is"
    place = (
        f"the parameter {demands.url_secret_parameter!r}"
        if demands.url_secret_parameter
        else "the path"
    )
    demanded = "demanded" if demands.url_secret else "not demanded yet: --demand, or the portal"
    return f"{number} accepted from {demands.instance} in {place}, and {demanded}."
