"""Installing Debian's packages. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

_APT: Final = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]


def is_usable() -> bool:
    """Return whether this account can install packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> None:
    """Install packages; the caller checks the result."""
    run([*_APT, "update", "-qq"])
    run([*_APT, "install", "-y", "-qq", "--no-install-recommends", *packages])


def run(command: Sequence[str]) -> None:
    """Run an installer, with its output on standard error; the caller checks the result."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
