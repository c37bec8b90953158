"""Processes that reserve requests at the same time, as several workers do."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cloud import REPOSITORY
from tests.conditions import on_sqlite
from tests.python_process import run_python

PROCESSES = 4
BOOKINGS = 50
NOW = datetime(2030, 1, 1, tzinfo=UTC)
BOOK = f"""
import sys
from datetime import datetime
from uuid import UUID
import django
django.setup()
from sync.operations.arm_budget import book_write
now = datetime.fromisoformat({NOW.isoformat()!r})
sys.stdin.readline()
for _ in range({BOOKINGS}):
    print(book_write(UUID(int=1), now).isoformat())
"""

pytestmark = [
    pytest.mark.slow,
    on_sqlite,
]


def test_bookings_of_several_processes_are_all_kept(tmp_path: Path) -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{tmp_path / 'signalman.sqlite3'}",
        "SIGNALMAN_WRITE_BURST": "1",
        "SIGNALMAN_WRITES_PER_SECOND": "10",
    }
    migrate = "import django; django.setup(); from django.core.management import call_command\n"
    done = run_python(f"{migrate}call_command('migrate', verbosity=0)", **environment)
    assert done.returncode == 0, done.stderr
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BOOK],
            cwd=REPOSITORY,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    lines = [line for each in processes for line in each.communicate()[0].split()]
    turns = sorted(map(datetime.fromisoformat, lines))
    expected = [NOW + timedelta(seconds=0.1) * number for number in range(PROCESSES * BOOKINGS)]
    late = [abs((at - due).total_seconds()) for at, due in zip(turns, expected, strict=True)]
    assert max(late) < 0.01
