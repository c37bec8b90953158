"""Count the calls of a client's driver: those made, and those that failed.

Runs in the client's own environment, which has nothing of the project's.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any


class Calls:
    """Makes calls, prints each failure, and ends the process with the number of failures."""

    def __init__(self) -> None:
        self.made = 0
        self.failed: list[str] = []

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        """Return what the call returns; None where it raises."""
        self.made += 1
        try:
            return call()
        except (Exception, SystemExit):  # noqa: BLE001 (whatever is raised is a failure)
            self.failed.append(name)
            print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)  # noqa: T201
            return None

    def refuses(self, name: str, call: Callable[[], Any], code: str) -> None:
        """Expect an error whose text has `code`."""
        self.made += 1
        try:
            call()
        except Exception as error:  # noqa: BLE001
            if code in str(error):
                return
            print(f"{name} failed otherwise: {error}", file=sys.stderr)  # noqa: T201
        else:
            print(f"{name} did not fail.", file=sys.stderr)  # noqa: T201
        self.failed.append(name)

    def end(self) -> None:
        """Print the totals and exit."""
        print(f"{self.made} calls made, {len(self.failed)} failed: {self.failed}")  # noqa: T201
        sys.exit(len(self.failed))
