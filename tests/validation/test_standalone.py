"""The app works in a project that has no other app of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure


def test_package_works_in_another_project(local_azure: LocalAzure, tmp_path: Path) -> None:
    four = {
        "AUTHORITY": local_azure.url,
        "TENANT_ID": seed.TENANT_ID,
        "AUDIENCES": [seed.UPSTREAM_APP_URI],
        "PRINCIPAL_IDS": [seed.CHAT_PRINCIPAL_ID],
    }
    order = {"resource": seed.UPSTREAM_APP_URI, "principal": seed.CHAT}
    orders = (order, order | {"principal": seed.ORDERS}, order | {"key": "unknown"})
    tokens = [local_azure.post("/_local/tokens", each)["token"] for each in orders]
    shutil.copytree(REPOSITORY / "validation", tmp_path / "validation")
    assert statuses(tmp_path, four, tokens) == ["200", "401", "401"]


def statuses(folder: Path, validation: Mapping[str, object], tokens: list[str]) -> list[str]:
    """Return what the standalone project in an empty folder answers to each token."""
    program = shutil.copy(Path(__file__).with_name("standalone.py"), folder)
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    done = subprocess.run(
        [sys.executable, program],
        cwd=folder,
        env=environment | {"STANDALONE_VALIDATION": json.dumps(validation)},
        input="\n".join(tokens),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line.isdigit()]
