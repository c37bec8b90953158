"""The app works in a project that has no other app of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.conformance.environments import python_with

PAGE = REPOSITORY / "docs" / "reference" / "validation.md"


def test_package_works_in_another_project(local_azure: LocalAzure, tmp_path: Path) -> None:
    assert statuses(local_azure, tmp_path) == ["200", "401", "401"]


@pytest.mark.slow
@pytest.mark.parametrize("urllib3", ["1.26", "2"])
def test_package_works_with_oldest_versions(
    local_azure: LocalAzure, tmp_path: Path, urllib3: str
) -> None:
    documented = re.findall(r'"([\w\[\]]+)>=([\d.]+)"', PAGE.read_text(encoding="utf-8"))
    assert len(documented) == 4
    oldest = [f"{package}=={version}" for package, version in documented]
    python = python_with(
        f"validation-{urllib3}", [*oldest, f"urllib3=={urllib3}.*"], version="3.11"
    )
    assert statuses(local_azure, tmp_path, python) == ["200", "401", "401"]


def statuses(
    local_azure: LocalAzure, folder: Path, python: Path = Path(sys.executable)
) -> list[str]:
    """Return what a standalone project answers to a valid token and to two others."""
    four = {
        "AUTHORITY": local_azure.url,
        "TENANT_ID": seed.TENANT_ID,
        "AUDIENCES": [seed.UPSTREAM_APP_URI],
        "PRINCIPAL_IDS": [seed.CHAT_PRINCIPAL_ID],
    }
    order = {"resource": seed.UPSTREAM_APP_URI, "principal": seed.CHAT}
    orders = (order, order | {"principal": seed.ORDERS}, order | {"key": "unknown"})
    tokens = [local_azure.post("/_local/tokens", each)["token"] for each in orders]
    shutil.copytree(REPOSITORY / "validation", folder / "validation")
    program = shutil.copy(Path(__file__).with_name("standalone.py"), folder)
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    done = subprocess.run(
        [python, program],
        cwd=folder,
        env=environment | {"STANDALONE_VALIDATION": json.dumps(four)},
        input="\n".join(tokens),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line.isdigit()]
