"""What .env.example says works as it stands, and says all there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()


def test_a_copy_with_nothing_but_the_secret_key_filled_in_starts(tmp_path: Path) -> None:
    copy = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    copy |= {"SIGNALMAN_SECRET_KEY": "test", "SIGNALMAN_DATA_DIR": str(tmp_path)}
    migrate = [sys.executable, "manage.py", "migrate", "--plan"]
    begun = subprocess.run(
        migrate,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **copy},
        capture_output=True,
        check=False,
    )
    assert begun.returncode == 0, begun.stderr.decode()


def test_nothing_is_set_to_nothing() -> None:
    # To azure-identity and to the database's address, empty is a value and a wrong one.
    assert re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE) == ["SIGNALMAN_SECRET_KEY"]


def test_it_names_every_variable_that_the_settings_read() -> None:
    read = set(
        re.findall(r'"((?:SIGNALMAN|AZURE)_[A-Z_]+)"', (ROOT / "config/settings.py").read_text())
    )
    assert read <= set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
