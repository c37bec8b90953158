"""A Python client, generated from the schema by openapi-python-client, works against the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localazure import seed
from tests.clients.service import Service
from tests.cloud import REPOSITORY

pytestmark = pytest.mark.slow

SCHEMA = REPOSITORY / "docs" / "openapi.yaml"
DRIVER = Path(__file__).parent / "python" / "drive.py"
BIN = Path(sys.executable).parent
# The generator's own client.py does not pass strict checks: the base class of `__exit__`.
MYPY = """\
[mypy]
strict = True
[mypy-signalman_client.client]
ignore_errors = True
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package `signalman_client`, generated from the schema."""
    folder = tmp_path_factory.mktemp("python")
    output = str(folder / "signalman_client")
    printed = run(
        str(BIN / "openapi-python-client"),
        *("generate", "--path", str(SCHEMA), "--output-path", output, "--meta", "none"),
        folder=folder,
    )
    assert "Warning" not in printed, printed
    return folder


def run(*command: str, folder: Path, **environment: str) -> str:
    """Run a program, require success and return its output."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    outcome = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def test_client_and_driver_pass_strict_type_checks(generated: Path) -> None:
    (generated / "mypy.ini").write_text(MYPY)
    run(
        *(sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--no-incremental"),
        *("-p", "signalman_client"),
        folder=generated,
    )
    run(
        *(sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--no-incremental"),
        str(DRIVER),
        folder=generated,
        MYPYPATH=str(generated),
    )


def test_client_imports_applies_and_reads_deliveries(generated: Path, service: Service) -> None:
    def drive(step: str) -> str:
        environment = service.environment(seed.LAB) | {"PYTHONPATH": str(generated)}
        return run(sys.executable, str(DRIVER), step, folder=generated, **environment)

    drive("change")
    service.wait_for_accepted_event(seed.LAB)
    service.wait_for_deliveries(seed.LAB)
    seen = json.loads(drive("look"))
    # Events that were sent before the receiver knew the new template were refused and recorded too.
    assert seen["counts"]["accepted"] == 1
    assert seen["events"][0] == "chat/connections/connected"
