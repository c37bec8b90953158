"""manage.py create_token: make a personal access token and show its text, once."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from accounts.models import PersonalAccessToken

_MAX_DAYS: Final = 366


class Command(BaseCommand):
    """Prints the token alone to standard output, for a script to take."""

    help = "Make a personal access token of a user's, for the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the user, and what the token may be used for, and how long."""
        parser.add_argument("username")
        parser.add_argument("--scope", choices=PersonalAccessToken.Scope.values, default="read")
        parser.add_argument("--days", type=int, default=90, help="default: 90; at most 366")
        parser.add_argument("--name", default="command line", help="what it is for")

        parser.add_argument("--json", action="store_true", help="print a document for scripts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make it, or say in one sentence why not."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}.")
        if not 1 <= options["days"] <= _MAX_DAYS:
            raise CommandError(f"A token lasts from 1 to {_MAX_DAYS} days.")
        token, secret = PersonalAccessToken.issue(
            user,
            name=options["name"],
            scope=PersonalAccessToken.Scope(options["scope"]),
            lifetime=timedelta(days=options["days"]),
        )
        self.stderr.write(
            f"{token} of {user} may {token.get_scope_display().lower()} until "
            f"{token.expires_at:%Y-%m-%d}. Its text is not shown again."
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
