"""Installing Debian's packages. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# Debian's packages ask this program whether to start their services; it exits with 101 for "no".
_POLICY: Final = Path("/usr/sbin/policy-rc.d")
_APT: Final = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]


def is_usable() -> bool:
    """Return whether this account can install packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> None:
    """Install packages, and start none of their services; the caller checks the result."""
    run([*_APT, "update", "-qq"])
    with services_stopped(_POLICY):
        run([*_APT, "install", "-y", "-qq", "--no-install-recommends", *packages])


def disable(services: Sequence[str]) -> None:
    """Keep services from being started with the machine."""
    if services and shutil.which("systemctl"):
        run(["systemctl", "disable", "--quiet", *services])


@contextmanager
def services_stopped(policy: Path) -> Iterator[None]:
    """Let no package start a service within the block; a policy of the machine's own stays."""
    try:
        with policy.open("x") as script:
            script.write("#!/bin/sh\nexit 101\n")
    except FileExistsError:
        yield
        return
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def run(command: Sequence[str]) -> None:
    """Run an installer, with its output on standard error; the caller checks the result."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
