"""A program bound to a process ends with it, even after SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.programs.processes import left_running_with, running_with

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent

# Starts a bound program that ignores SIGTERM and has a child.
OWNER = """
import os, subprocess, sys
from scripts.lifeline import bound_to
stubborn = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print('up', flush=True); time.sleep(600)"
)
subprocess.run(bound_to(os.getpid(), [sys.executable, "-c", stubborn]))
"""


@pytest.fixture
def owner() -> subprocess.Popen[str]:
    """A running owner whose program has started."""
    environment = {**os.environ, "LIFELINE_TEST": str(uuid.uuid4())}
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.marker = environment["LIFELINE_TEST"]  # type: ignore[attr-defined]
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("how", ["owner killed", "whole group killed"])
def test_program_and_children_end_with_owner(owner: subprocess.Popen[str], how: str) -> None:
    marker = owner.marker  # type: ignore[attr-defined]
    assert len(running_with(marker)) >= 3
    if how == "owner killed":
        owner.kill()
    else:
        os.killpg(owner.pid, signal.SIGKILL)
    with owner:
        assert left_running_with(marker) == []
