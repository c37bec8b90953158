"""A terminal in which a test enters the blocks of a page: bash on a pseudo-terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scripts.lifeline import bound_to
from tests.waits import LOOK_SECONDS

# Installing packages takes a minute, and several on a busy machine.
_PATIENCE_SECONDS: Final = 600
_ROWS: Final = 50
_COLUMNS: Final = 120
_PROMPT: Final = "Type yes to confirm: "
# Ends the output of a block: a character that no program prints.
_END: Final = "\x1e"
# Sources each file whose name it reads. Commands that fail are listed, also those before the last
# one of a block.
_SHELL: Final = r"""
exec 9<>"$TERMINAL/blocks"
set -o pipefail
trap 'printf "%s %s\n" "$?" "$BASH_COMMAND" >>"$TERMINAL/failures"' ERR
while read -r block <&9; do
    . "$block"
    printf "\036"
done
"""
_BLOCK: Final = '. "$block"'
_LINE: Final = re.compile(r"(?P<status>\d+) (?P<command>.*)")


class BlockFailed(AssertionError):
    """A command of a block failed, or did not end."""


class Terminal:
    """A shell of its own; `output` is all that it has printed.

    Its files are in `folder`; it starts in `home`, with this environment.
    """

    def __init__(self, folder: Path, home: Path, environment: Mapping[str, str]) -> None:
        self.output = ""
        self._folder = folder
        folder.mkdir()
        self._failures = folder / "failures"
        self._failures.touch()
        # A named pipe: the shell's guardian hands on no other descriptors.
        os.mkfifo(folder / "blocks")
        self._blocks = os.open(folder / "blocks", os.O_RDWR)
        self._screen, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            bound_to(os.getpid(), ["bash", "--noprofile", "--norc", "-c", _SHELL]),
            cwd=home,
            env={**environment, "TERMINAL": str(folder)},
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)
        threading.Thread(target=self._read, daemon=True).start()

    def run(self, block: str, answers: str = "") -> str:
        """Enter a block, answer its prompt, wait for its end and return its output."""
        before = len(self.output)
        self.start(block)
        deadline, answered = time.monotonic() + _PATIENCE_SECONDS, not answers
        while _END not in self.output[before:]:
            if not answered and _PROMPT in self.output[before:]:
                os.write(self._screen, f"{answers}\n".encode())
                answered = True
            if time.monotonic() > deadline:
                raise BlockFailed(f"This does not end:\n{block}\n{self.output[before:]}")
            time.sleep(LOOK_SECONDS)
        return self.output[before:].rstrip(_END)

    def start(self, block: str) -> None:
        """Enter a block whose program keeps running."""
        file = self._folder / f"block-{time.monotonic_ns()}"
        file.write_text(block)
        self._failures.write_text("")
        os.write(self._blocks, f"{file}\n".encode())

    def failures(self) -> list[tuple[int, str]]:
        """Return the commands of the last block that failed, each with its status."""
        found = map(_LINE.fullmatch, self._failures.read_text().splitlines())
        # The block itself has the status of its last command.
        return [
            (int(one["status"]), one["command"])
            for one in found
            if one and one["command"] != _BLOCK
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._blocks)

    def _read(self) -> None:
        # The other side is closed when the shell has ended.
        with contextlib.suppress(OSError):
            while some := os.read(self._screen, 65536):
                self.output += some.decode(errors="replace")
