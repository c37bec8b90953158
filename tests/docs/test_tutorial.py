"""docs/tutorial.md, followed as a new user would: every block, in its order, with what it shows.

The commands run in terminals, with the real `az`, an installation of its own, and Local Azure as
the page's section "Follow it without Azure" sets it up. Only three things differ from the page: the
ports, which may be in use; the address of the repository; and the pace, since a reader waits where
the page says so.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from examples.demo.processes import free_port
from tests.cloud import REPOSITORY
from tests.conformance.environments import python_with
from tests.docs.blocks import Block, blocks
from tests.docs.portal_reader import PortalReader
from tests.docs.terminal import Terminal
from tests.docs.transcript import ANY_LINES, Transcript, shown
from tests.waits import wait_until

pytestmark = pytest.mark.slow

PAGE: Final = REPOSITORY / "docs" / "tutorial.md"
AZ: Final = "azure-cli==2.91.0"
PORTS: Final = ("8000", "8001", "8443")
OTHER_TERMINAL: Final = re.compile(r"# In a (second|third|fourth|fifth) terminal\n")
ANSWER: Final = re.compile(r"Type yes to confirm: (\w+)$", re.MULTILINE)
# Exit with 2 where they find something.
CHECKS: Final = re.compile(r"manage\.py (plan|drift|diagnose)\b")
# Deliveries are written in batches: a reader who is too fast looks again.
REPEATED: Final = re.compile(r"manage\.py deliveries\s*\Z")
# Variables of the tests, which a reader does not have.
HIDDEN: Final = re.compile(r"(SIGNALMAN|AZURE|DJANGO|PYTEST|COV|REQUESTS|SSL|PYTHON)_?.*")


class Reader:
    """A new user with a home folder, `az` and Python."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._programs = folder / "bin"
        self._home = folder / "home"
        for made in (self._programs, self._home):
            made.mkdir()
        self._install_program("az", f"{python_with('az-complete', [AZ])} -m azure.cli")
        self._install_program("python3", getattr(sys, "_base_executable", sys.executable))
        self._ports = {port: str(free_port()) for port in PORTS}
        self._terminals = 0
        self._first = self._open_terminal()
        self.differences: list[str] = []
        self.transcript = Transcript()
        self.transcript.values["repository"] = str(REPOSITORY)

    def follow(self, block: Block, expected: str | None) -> None:
        """Do what a block says, and compare what is shown with what the page shows."""
        if block.kind == "file":
            (self._home / "signalman" / block.what).write_text(self._own(block.text))
        elif block.kind == "portal":
            self._look_at_portal(block)
        elif OTHER_TERMINAL.match(block.text):
            self._start(block, expected or "")
        elif block.kind == "run":
            self._run(block, expected)

    def _run(self, block: Block, expected: str | None) -> None:
        answer = ANSWER.search(expected or "")
        command = self._own(block.text)

        def enter() -> str:
            printed = shown(self._first.run(command, answer[1] if answer else ""))
            wrong = [one for one in self._first.failures() if not _is_finding(one)]
            assert wrong == [], f"{block} failed: {wrong}\n{printed}"
            return printed

        if expected is None:
            enter()
        elif REPEATED.search(block.text):
            self._wait_for(block, expected, enter)
        elif not self._matches(expected, printed := enter()):
            self._note(block, expected, printed)

    def _start(self, block: Block, expected: str) -> None:
        terminal = self._open_terminal()
        terminal.start(self._own(block.text))
        text = f"{expected}\n{ANY_LINES}"
        self._wait_for(block, text, lambda: shown(terminal.output))

    def _look_at_portal(self, block: Block) -> None:
        values = self.transcript.values
        portal = PortalReader(f"http://localhost:{self._ports['8000']}", values["password"])
        links = [self.transcript.fill(one) for one in block.what.split(", ")]
        self._wait_for(block, block.text, lambda: portal.read(links))

    def _wait_for(self, block: Block, expected: str, look: Callable[[], str]) -> None:
        """Look until what is shown is what the page shows."""
        try:
            wait_until(lambda: self._matches(expected, look()), "")
        except AssertionError:
            self._note(block, expected, look())

    def _matches(self, expected: str, printed: str) -> bool:
        return self.transcript.matches(self._own(expected), printed)

    def _note(self, block: Block, expected: str, printed: str) -> None:
        """Note a difference; the rest of the page is compared, too."""
        lines = self.transcript.difference(self._own(expected), printed)
        self.differences.append(f"{block} shows\n{lines}")

    def _own(self, text: str) -> str:
        """Return the text with this reader's ports, and its values of placeholders."""
        for port, own in self._ports.items():
            text = re.sub(rf"\b{port}\b", own, text)
        return self.transcript.fill(text)

    def _open_terminal(self) -> Terminal:
        self._terminals += 1
        kept = {name: value for name, value in os.environ.items() if not HIDDEN.fullmatch(name)}
        kept["PATH"] = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        kept["TERM"] = "xterm-256color"
        folder = self._folder / f"terminal-{self._terminals}"
        return self._stack.enter_context(Terminal(folder, self._home, kept))

    def _install_program(self, name: str, command: str) -> None:
        program = self._programs / name
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        program.chmod(0o755)


def _is_finding(failure: tuple[int, str]) -> bool:
    status, command = failure
    return status == 2 and CHECKS.search(command) is not None


def steps() -> list[tuple[Block, str | None]]:
    """Return the blocks that a reader does, each with the output that the page shows below it."""
    found = list(blocks(PAGE))
    done = []
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.kind in {"run", "file", "portal"}:
            is_output = following is not None and (following.language, following.kind) == (
                "text",
                "",
            )
            done.append((block, following.text if following and is_output else None))
    return done


def test_following_the_tutorial(tmp_path: Path) -> None:
    with ExitStack() as stack:
        reader = Reader(tmp_path, stack)
        for block, expected in steps():
            reader.follow(block, expected)
        assert reader.differences == [], "\n\n".join(reader.differences)


def test_every_output_belongs_to_a_block() -> None:
    shown_by_page = sum(block.language == "text" for block in blocks(PAGE))
    compared = sum(expected is not None for _, expected in steps())
    in_portal = sum(block.kind == "portal" for block, _ in steps())
    assert shown_by_page == compared + in_portal
