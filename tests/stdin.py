"""Standard input of commands that run in the tests' process."""

from __future__ import annotations

import io
import sys

import pytest


class _Input(io.TextIOWrapper):
    """Bytes that a shell pipes in, or that the user types at a terminal."""

    def __init__(self, data: bytes, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def set_stdin(
    monkeypatch: pytest.MonkeyPatch, data: bytes | str, *, is_terminal: bool = False
) -> None:
    """Let standard input have this content, for the rest of the test or of the patch's block."""
    content = data.encode() if isinstance(data, str) else data
    monkeypatch.setattr(sys, "stdin", _Input(content, is_terminal=is_terminal))
