"""The base of Signalman's commands: actor, `--json`, errors and exit codes in one place."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from textwrap import indent
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import InterfaceError, OperationalError

from accounts.actor import Actor
from arm.errors import ArmError
from observability.logs.redaction import database_unusable
from sync.management.terminal import printable
from sync.planning.errors import SyncError
from upstreams.url_templates.redaction import redacted


class ExitCode(IntEnum):
    """Exit codes. An error is always 1, raised as CommandError."""

    DONE = 0
    # There is a difference, or an operation that has not ended.
    PENDING = 2


class JsonLists:
    """An object of lists, printed as `write_json` would print it.

    Items are added list by list, in the order of the lists.
    """

    def __init__(self, out: OutputWrapper | None, names: Sequence[str]) -> None:
        self._out = out
        self._names = list(names)
        self._lists = 0
        self._items = 0
        self._write("{")

    def add(self, name: str, item: Any) -> None:
        """Add an item to the list of that name, with keys in URLs redacted."""
        self._begin(name)
        self._items += 1
        before = ",\n" if self._items > 1 else "\n"
        self._write(before + indent(json.dumps(redacted(item), indent=2), "    "))

    def close(self) -> None:
        """End the object. Lists without items are empty."""
        self._begin(None)
        self._write("\n}\n")

    def _begin(self, name: str | None) -> None:
        """Begin the lists up to that of this name, or all of them and end the last one."""
        while name is None or not self._lists or self._names[self._lists - 1] != name:
            if self._lists:
                self._write("\n  ]" if self._items else "]")
            if self._lists == len(self._names):
                return
            comma = "," if self._lists else ""
            self._write(f"{comma}\n  {json.dumps(self._names[self._lists])}: [")
            self._lists, self._items = self._lists + 1, 0

    def _write(self, text: str) -> None:
        if self._out is not None:
            self._out.write(text, ending="")


class SignalmanCommand(BaseCommand):
    """A command that prints text for people, or with `--json` a document for scripts.

    A subclass adds its arguments in `add_options` and does its work in `run`, which returns the
    exit code. `changes` says whether the command changes anything: it then has `--as`, which sets
    the actor. ArmError, SyncError, ValidationError, ImproperlyConfigured and a database that cannot
    be used end a command with their message and exit code 1.
    """

    changes: ClassVar[bool] = False

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the command's own arguments."""

    def run(self, options: dict[str, Any]) -> ExitCode:
        """Do the work, print the result and return the exit code."""
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's own arguments and those that all commands share."""
        self.add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        if self.changes:
            parser.add_argument(
                "--as",
                dest="actor",
                metavar="NAME",
                help="the actor in the audit trail; default: the operating system's user",
            )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command, and turn refusals into a message and exit code 1."""
        self.is_json = bool(options["json"])
        named = options.get("actor")
        self.actor = Actor(named) if named else Actor.of_command()
        try:
            code = self.run(options)
        except CommandError as error:
            raise CommandError(printable(str(error))) from error
        except ValidationError as error:
            raise CommandError(printable(" ".join(error.messages))) from error
        except (ArmError, SyncError, ImproperlyConfigured) as error:
            raise CommandError(printable(str(error))) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(printable(database_unusable(error))) from error
        if code:
            sys.exit(code)

    def say(self, text: str) -> None:
        """Print text for people: nothing with `--json`. Keys and control characters are hidden."""
        if not self.is_json:
            self.stdout.write(printable(text))

    @contextmanager
    def json_lists(self, *names: str) -> Iterator[JsonLists]:
        """Print an object of lists item by item, so that it need not fit in memory.

        Only with `--json`. After an error inside the block the output is not valid JSON, so that
        no part is taken for the whole.
        """
        document = JsonLists(self.stdout if self.is_json else None, names)
        yield document
        document.close()

    def write_json(self, document: Any) -> None:
        """Print a document, with keys in URLs redacted; only with `--json`."""
        if self.is_json:
            self.stdout.write(json.dumps(redacted(document), indent=2))
