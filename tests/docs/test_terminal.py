"""The terminal runs blocks as a reader does, and notices what fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.terminal import Terminal
from tests.docs.transcript import shown
from tests.waits import wait_until


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(tmp_path / "terminal", tmp_path, os.environ) as one:
        yield one


def test_variables_and_folder_stay(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    assert terminal.run("cd below\nNAME=chat\n") == ""
    assert shown(terminal.run('echo "$NAME in $(basename $PWD)"')) == "chat in below\n"


def test_failure_before_the_end_is_listed(terminal: Terminal) -> None:
    terminal.run("false\nls /missing 2>/dev/null | cat\necho done")
    assert terminal.failures() == [(1, "false"), (2, "cat")]
    terminal.run("echo done\nfalse")
    assert terminal.failures() == [(1, "false")]
    terminal.run("echo done")
    assert terminal.failures() == []


def test_programs_see_a_terminal(terminal: Terminal) -> None:
    assert shown(terminal.run("test -t 0 && test -t 1 && echo yes")) == "yes\n"


def test_prompt_is_answered(terminal: Terminal) -> None:
    block = "read -p 'Apply? Type yes to confirm: ' answer\necho $answer it is\n"
    printed = shown(terminal.run(block, "yes"))
    assert printed == "Apply? Type yes to confirm: yes\nyes it is\n"


def test_program_keeps_running(terminal: Terminal) -> None:
    terminal.start("echo ready\nsleep 600\n")
    wait_until(lambda: "ready" in terminal.output, "Nothing is printed.")
