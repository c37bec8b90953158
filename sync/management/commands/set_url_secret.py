"""manage.py set_url_secret: set the secret that an instance's upstream URLs contain."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError

from sync.desired.request_requirements import changing_requirements
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.instance_argument import select_instances
from sync.management.text_input import read_stream
from upstreams.models import RequestRequirements
from upstreams.receiver.authentication.url_secrets import LONGEST, SHORTEST


class Command(SignalmanCommand):
    """Reads a secret from standard input, and stores a digest of it."""

    help = (
        "Read a secret from standard input and accept it in the URLs of an instance's upstream "
        "requests. The previous secret is also accepted until you set another one. "
        "Exit codes: 0 done, 1 error."
    )
    changes = True

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the instance; never the secret, because arguments are visible to other processes."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument(
            "--parameter",
            metavar="NAME",
            help="query parameter that contains the secret; '' if it is a segment of the path",
        )
        parser.add_argument(
            "--require", action="store_true", help="refuse requests without an accepted secret"
        )
        parser.add_argument(
            "--only", action="store_true", help="stop accepting the previous secret"
        )
        parser.add_argument(
            "--clear", action="store_true", help="delete all secrets and stop requiring one"
        )

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Change the instance's request requirements."""
        secret = "" if options["clear"] else _secret()
        (instance,) = select_instances([options["instance"]])
        with changing_requirements(instance, who=self.actor.name) as requirements:
            _change(requirements, secret, options)
        self.write_json(_document(requirements))
        self.say(_summary(requirements))
        return ExitCode.DONE


def _change(requirements: RequestRequirements, secret: str, options: dict[str, Any]) -> None:
    if options["clear"]:
        requirements.forget_secrets()
        return
    requirements.accept(secret)
    requirements.url_secret |= options["require"]
    if options["only"]:
        requirements.url_secret_digest_before = ""
    if options["parameter"] is not None:
        requirements.url_secret_parameter = options["parameter"]


def _secret() -> str:
    typed = getpass("Secret: ") if sys.stdin.isatty() else read_stream(sys.stdin)
    secret = typed.partition("\n")[0].rstrip("\r")
    if not SHORTEST <= len(secret) <= LONGEST:
        raise CommandError(f"The secret must have {SHORTEST} to {LONGEST} characters.")
    return secret


def _document(requirements: RequestRequirements) -> dict[str, Any]:
    digests = (requirements.url_secret_digest, requirements.url_secret_digest_before)
    return {
        "instance": requirements.instance.name,
        "secrets": sum(bool(digest) for digest in digests),
        "parameter": requirements.url_secret_parameter,
        "is_required": requirements.url_secret,
    }


def _summary(requirements: RequestRequirements) -> str:
    name = requirements.instance
    if not requirements.url_secret_digest:
        return f"{name} accepts no URL secret and requires none."
    number = "2 secrets" if requirements.url_secret_digest_before else "1 secret"
    place = (
        f"the query parameter {requirements.url_secret_parameter!r}"
        if requirements.url_secret_parameter
        else "the path"
    )
    is_required = "required" if requirements.url_secret else "not required yet (use --require)"
    return f"{name} accepts {number} in {place}. A secret is {is_required}."
