"""Every condition under which a test is skipped, and why.

A missing program is none of them: such tests fail, and `make programs` installs it. kubectl is the
exception, because Debian's is too old to install.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import Final

import pytest
from django.db import connection

on_postgresql: Final = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite's test database is one connection's memory"
)
on_sqlite: Final = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the processes use a SQLite file"
)
on_linux_x86_64: Final = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="the packages of hadolint and Docker Compose are for Linux on x86-64",
)
with_kubectl: Final = pytest.mark.skipif(
    shutil.which("kubectl") is None,
    reason="kubectl is not installed, and Debian's 1.20 does not know `labels` in a kustomization",
)
as_root: Final = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount file systems")
# Found out by trying.
NO_MOUNTS: Final = "file systems cannot be mounted on this machine, as in many containers"
