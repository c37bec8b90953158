"""Counts of the runs by kind of fault, for pytest's summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

_PROPERTY = "fault"
_SETTLED = ("passed", "failed")

Count = Callable[[str], None]


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Count one run under a kind of fault: `count("worker killed")`."""
    return lambda kind: record_property(_PROPERTY, kind)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of runs of each kind."""
    reports = [each for key in _SETTLED for each in terminalreporter.stats.get(key, [])]
    runs = Counter(
        str(kind)
        for report in reports
        if report.when == "call"
        for name, kind in report.user_properties
        if name == _PROPERTY
    )
    if runs:
        lines = (f"{kind} {total} runs" for kind, total in sorted(runs.items()))
        terminalreporter.write_line(f"faults: {', '.join(lines)}")
