"""Print the path of Chromium for the browser tests; install it if there is none.

    python scripts/browser.py

Searches in this order: SIGNALMAN_CHROMIUM; Chromium or Chrome on the PATH; Playwright's download.
Otherwise installs Debian's package (as root) or Playwright's download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import apt

VARIABLE: Final = "SIGNALMAN_CHROMIUM"
ON_PATH: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoBrowser(Exception):
    """Chromium was not found. The message says what to do."""


def main() -> int:
    """Print the path and return 0, or an error message and return 1."""
    try:
        print(found() or installed())
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def found() -> str | None:
    """Return the installed Chromium. Raises NoBrowser if SIGNALMAN_CHROMIUM names no program."""
    named = os.environ.get(VARIABLE, "")
    if named:
        if shutil.which(named) is None:
            raise NoBrowser(f"{VARIABLE} names {named}, which is not a program.")
        return named
    on_path = next(filter(None, map(shutil.which, ON_PATH)), None)
    return on_path or _playwright_browser()


def installed() -> str:
    """Install a Chromium and return its path. Raises NoBrowser."""
    if apt.is_usable():
        apt.install(["chromium"])
    if found() is None:
        apt.run([sys.executable, "-m", "playwright", "install", "chromium"])
    path = found()
    if path is None:
        raise NoBrowser(
            "The browser tests need Chromium, and it could not be installed. Install it, or set "
            f"{VARIABLE} to its path."
        )
    return path


def _playwright_browser() -> str | None:
    """Return the path of Playwright's Chromium if it was downloaded."""
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as tool: print(tool.chromium.executable_path)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    path = result.stdout.strip()
    return path if path and Path(path).is_file() else None


if __name__ == "__main__":
    sys.exit(main())
