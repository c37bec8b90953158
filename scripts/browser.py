"""Prints the path of the Chromium that the browser tests drive; installs one where none is.

    python scripts/browser.py

In this order: what SIGNALMAN_CHROMIUM names; Chromium or Chrome on the PATH; Playwright's own,
where it was installed before; Debian's package, for root; Playwright's own, downloaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

VARIABLE: Final = "SIGNALMAN_CHROMIUM"
ON_PATH: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT: Final = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]


class NoBrowser(Exception):
    """There is no Chromium; the message says what to do."""


def main() -> int:
    """Print the path and return 0, or say what is missing and return 1."""
    try:
        print(found() or installed())
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def found() -> str | None:
    """Return the Chromium that is there. Raises NoBrowser where the one that is named is none."""
    named = os.environ.get(VARIABLE, "")
    if named:
        if shutil.which(named) is None:
            raise NoBrowser(f"{VARIABLE} names {named}, which is no program.")
        return named
    on_path = next(filter(None, map(shutil.which, ON_PATH)), None)
    return on_path or _playwrights()


def installed() -> str:
    """Install a Chromium and return its path. Raises NoBrowser."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run([*APT, "update", "-qq"])
        _run([*APT, "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    if found() is None:
        _run([sys.executable, "-m", "playwright", "install", "chromium"])
    path = found()
    if path is None:
        raise NoBrowser(
            "The browser tests need Chromium, and it could not be installed: install it, or name "
            f"one in {VARIABLE}."
        )
    return path


def _playwrights() -> str | None:
    """Return the path of the Chromium that Playwright downloaded, if it has."""
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as tool: print(tool.chromium.executable_path)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    path = asked.stdout.strip()
    return path if path and Path(path).is_file() else None


def _run(command: list[str]) -> None:
    """Run an installer; what it prints is for people, and whether it failed is seen afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


if __name__ == "__main__":
    sys.exit(main())
