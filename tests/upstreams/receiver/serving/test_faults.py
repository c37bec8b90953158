"""Slow clients and services that never answer: valid requests are accepted, `/livez` answers.

The benchmark `python -m benchmarks receiver faults` causes the same faults for a minute each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.scenarios import faults
from benchmarks.receiver.scenarios.faults import Fault
from benchmarks.receiver.scenarios.services import services
from benchmarks.receiver.stage import Stage, stage
from scripts.programs import path_of

pytestmark = pytest.mark.slow

SECONDS = 3.0
Ready = tuple[Stage, Mapping[str, Fault]]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    """Two workers with PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("faults")
    with services() as started, stage(folder, [RECEIVER], started.environment) as running:
        yield running, {fault.name: fault for fault in faults.faults(running, started)}


@pytest.mark.parametrize(
    ("name", "readyz"),
    [
        ("slow bodies", 200),
        ("slow heads", 200),
        ("silent connections", 200),
        ("the database hangs", 503),
        ("the cache hangs", 200),
        ("the broker hangs", 200),
        ("Entra hangs", 200),
        ("nginx: silent connections", 200),
        ("nginx: silent and slow", 200),
    ],
)
def test_fault_loses_no_valid_request(ready: Ready, name: str, readyz: int) -> None:
    if name.startswith("nginx"):
        # Raises an error that says how to install it.
        path_of("nginx")
    running, known = ready
    found = faults.measure(running, known[name], SECONDS, after=1.0)
    assert found.readyz == readyz
    assert [sample.status for sample in found.valid if sample.status != 200] == []
    assert [sample.status for sample in found.seen.livez if sample.status != 200] == []
    assert faults.readyz(running.port(RECEIVER)) == 200
