""".env.example works as it is, and is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()


@pytest.mark.slow
def test_copy_with_secret_key_starts(tmp_path: Path) -> None:
    copy = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    copy |= {"SIGNALMAN_SECRET_KEY": "test", "SIGNALMAN_DATA_DIR": str(tmp_path)}
    migrate = [sys.executable, "manage.py", "migrate", "--plan"]
    result = subprocess.run(
        migrate,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **copy},
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()


def test_sets_no_empty_value() -> None:
    # azure-identity and the database URL take an empty value as set, and wrong.
    assert re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE) == ["SIGNALMAN_SECRET_KEY"]


def test_lists_every_variable_of_settings() -> None:
    read = set(
        re.findall(r'"((?:SIGNALMAN|AZURE)_[A-Z_]+)"', (ROOT / "config/settings.py").read_text())
    )
    assert read <= set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
