"""The SBOM names every pinned package."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.cloud import REPOSITORY

PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


def test_names_every_pinned_requirement(tmp_path: Path) -> None:
    file = tmp_path / "sbom" / "signalman.json"
    made = subprocess.run(
        ["make", "sbom", f"SBOM={file}"],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    document = json.loads(file.read_text())
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "signalman"
    pinned = {
        pin
        for name in ("requirements.txt", "requirements-otel.txt")
        for pin in PIN.findall((REPOSITORY / name).read_text())
    }
    assert {(each["name"], each["version"]) for each in document["components"]} == pinned
    assert all(each["purl"].startswith("pkg:pypi/") for each in document["components"])
