"""Python processes with Signalman's settings, for what happens once in a process."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.cloud import REPOSITORY


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, with these environment variables besides the tests'."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
