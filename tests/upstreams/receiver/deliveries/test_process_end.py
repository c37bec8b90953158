"""Deliveries in memory when a process ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[4]
RECORD = """
import django; django.setup()
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.deliveries.records import DeliveryRecord, Kind
def record():
    delivery = DeliveryRecord(1, at=0.0, duration_seconds=0.1, status=200, outcome="accepted")
    recorder.record(Kind(0, 1, "", "", "", "accepted", ""), lambda: delivery)
"""
# Granian's workers are such children.
CHILD = """
import multiprocessing
child = multiprocessing.get_context("fork").Process(target=record)
child.start()
child.join()
"""


@pytest.mark.parametrize("end", ["record()", CHILD], ids=["process", "child"])
def test_writes_deliveries_before_process_ends(tmp_path: Path, end: str) -> None:
    # A database without tables: that it was asked is what the log tells.
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "SIGNALMAN_FLUSH_SECONDS": "3600",
    }
    ended = subprocess.run(
        [sys.executable, "-c", RECORD + end],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        "Deliveries cannot be written to the database yet (queued: 1): no such table"
        in ended.stderr
    )
