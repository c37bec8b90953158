"""The real Azure CLI, installed from its package into an environment of its own."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from tests.cloud import LocalAzure

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_VENV = REPOSITORY / "var" / "az"
_VERSION = "azure-cli==2.91.0"
_COMPLETE = _VENV / ".complete"


class AzFailed(Exception):
    """az exited with an error; the message is its standard error."""


class Az:
    """An Azure CLI whose cloud is Local Azure, logged in as a service principal."""

    def __init__(self, cloud: LocalAzure, folder: Path) -> None:
        self._cloud = cloud
        self._environment = {
            **os.environ,
            **cloud.environment,
            "AZURE_CONFIG_DIR": str(folder),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        }
        self._log_in()

    def __call__(self, *arguments: str) -> Any:
        """Run `az ARGUMENTS` and return the JSON that it prints. Raises AzFailed."""
        result = subprocess.run(
            [str(_VENV / "bin" / "python"), "-m", "azure.cli", *arguments, "--output", "json"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise AzFailed(result.stderr)
        return json.loads(result.stdout) if result.stdout.strip() else None

    def _log_in(self) -> None:
        url = self._cloud.url
        self(
            *["cloud", "register", "--name", "LocalAzure", "--skip-endpoint-discovery"],
            *["--endpoint-resource-manager", url, "--endpoint-active-directory", url],
            "--endpoint-active-directory-resource-id",
            "https://management.core.windows.net/",
        )
        self("cloud", "set", "--name", "LocalAzure")
        known = self._cloud.environment
        self(
            *["login", "--service-principal", "--tenant", known["AZURE_TENANT_ID"]],
            *["--username", known["AZURE_CLIENT_ID"], "--password", known["AZURE_CLIENT_SECRET"]],
        )


def install() -> None:
    """Install az, once for this working tree; an interrupted installation is repeated."""
    _VENV.parent.mkdir(exist_ok=True)
    # Concurrent tests wait for one of them to install it.
    with _VENV.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install()


def _install() -> None:
    if _COMPLETE.exists() and _COMPLETE.read_text() == _VERSION:
        return
    venv.create(_VENV, clear=True, with_pip=True)
    requirements = Path(__file__).parent / "requirements-az.txt"
    for arguments in (["--requirement", str(requirements)], ["--no-deps", _VERSION]):
        subprocess.run(
            [str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments],
            check=True,
            stdout=sys.stderr,
        )
    _COMPLETE.write_text(_VERSION)
