"""manage.py create_token: create a personal access token and print it once."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from accounts.models import DEFAULT_LIFETIME, PersonalAccessToken, longest_lifetime


class Command(BaseCommand):
    """Prints only the token to standard output, so that a script can read it."""

    help = "Create a personal access token for the API and print it. Exit codes: 0 done, 1 error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the user, and the token's scope, lifetime and name."""
        default = DEFAULT_LIFETIME.days
        parser.add_argument("username", help="user whose permissions the token has")
        parser.add_argument(
            "--scope",
            choices=PersonalAccessToken.Scope.values,
            default="read",
            help="whether the token may also change data; default: %(default)s",
        )
        parser.add_argument(
            "--days", type=int, default=default, help=f"lifetime in days; default: {default}"
        )
        parser.add_argument(
            "--name",
            default="command line",
            help="name of the token, such as its purpose; default: %(default)s",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Create the token. Raises CommandError."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}. Check the name.")
        longest = longest_lifetime(user).days
        if not 1 <= options["days"] <= longest:
            raise CommandError(
                f"The lifetime of a token of {user} must be from 1 to {longest} days."
            )
        token, secret = PersonalAccessToken.issue(
            user,
            name=options["name"],
            scope=PersonalAccessToken.Scope(options["scope"]),
            lifetime=timedelta(days=options["days"]),
        )
        self.stderr.write(
            f"Created {token} for {user}, scope {token.scope}, valid until "
            f"{token.expires_at:%Y-%m-%d}. The token is not shown again."
        )
        if options["json"]:
            document = {
                "token": secret,
                "name": token.name,
                "scope": token.scope,
                "expires_at": token.expires_at.isoformat(),
            }
            self.stdout.write(json.dumps(document, indent=2))
            return
        self.stdout.write(secret)
