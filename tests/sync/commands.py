"""Management commands as a shell runs them: output and exit code."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError


@dataclass(frozen=True)
class Outcome:
    """The output of a command and its exit code; `error` is what it writes to stderr."""

    code: int
    out: str
    error: str = ""

    @property
    def document(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


def run(*arguments: str) -> Outcome:
    """Run a command and return its outcome."""
    out = io.StringIO()
    try:
        call_command(*arguments, stdout=out)
    except CommandError as error:
        return Outcome(error.returncode, out.getvalue(), str(error))
    except SystemExit as ending:
        return Outcome(int(str(ending.code)), out.getvalue())
    return Outcome(0, out.getvalue())
