"""Comparison of what a terminal or a page shows with what the documentation shows.

In the documentation, `<words>` stands for a value and a line `...` for any lines. The same words
stand for the same value throughout a page, except `<time>`, `<duration>` and
`<process ID>`. The width of columns
and progress bars is not compared, and neither are empty lines.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Final

ANY_LINES: Final = "..."
_CHANGING: Final = {"time", "duration", "process ID"}
_PLACEHOLDER: Final = re.compile(r"<([a-z][\w ]*)>", re.IGNORECASE)
# Texts, and what moves the cursor: ends of lines, cursor up, erase a line; other codes are colours.
_PIECE: Final = re.compile(r"[^\r\n\x1b]+|\r|\n|\x1b\[(?P<number>[0-9;?]*)(?P<code>[A-Za-z])|\x1b.")


def shown(output: str) -> str:
    """Return what remains on a terminal's screen, without colours."""
    lines, row, column = [""], 0, 0
    for piece in _PIECE.finditer(output):
        text, code = piece[0], piece["code"]
        if text == "\r":
            column = 0
        elif text == "\n":
            row += 1
            lines += [""] * (row - len(lines) + 1)
        elif code == "A":
            row = max(0, row - int(piece["number"] or 1))
        elif code == "K":
            lines[row] = ""
        elif not text.startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
    return "\n".join(lines)


class Transcript:
    """What has been seen of a page: the value of each placeholder."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def matches(self, expected: str, actual: str) -> bool:
        """Return whether `actual` is what the page shows, and remember values that are new."""
        found = re.fullmatch(self._pattern(expected), _text(actual))
        if found is None:
            return False
        names = dict(zip(self._groups(expected), found.groups(), strict=True))
        self.values |= {name: value for name, value in names.items() if name not in _CHANGING}
        return True

    def difference(self, expected: str, actual: str) -> str:
        """Return the lines that differ, for the message of a test."""
        filled = _PLACEHOLDER.sub(lambda one: self.values.get(one[1], one[0]), expected)
        lines = difflib.ndiff(_text(filled).splitlines(), _text(actual).splitlines())
        return "\n".join(lines)

    def fill(self, text: str) -> str:
        """Return the text with the values of its placeholders."""
        return _PLACEHOLDER.sub(lambda one: self.values.get(one[1], one[0]), text)

    def _pattern(self, expected: str) -> str:
        known: set[str] = set()
        return "".join(self._line(line, known) for line in _lines(expected))

    def _line(self, line: str, known: set[str]) -> str:
        if line == ANY_LINES:
            return r"(?:.*\n)*?"
        parts = _PLACEHOLDER.split(line)
        pattern = re.escape(parts[0])
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            pattern += self._value(name, known) + re.escape(text)
        return pattern + r"\n"

    def _value(self, name: str, known: set[str]) -> str:
        if name in _CHANGING:
            return "(.+?)"
        if name in self.values:
            return f"({re.escape(self.values[name])})"
        group = f"value_{name.replace(' ', '_')}"
        if name in known:
            return f"(?P={group})"
        known.add(name)
        return f"(?P<{group}>.+?)"

    def _groups(self, expected: str) -> Iterator[str]:
        """Yield the name of each group of the pattern; a reference back is no group."""
        seen: set[str] = set()
        for line in _lines(expected):
            for name in _PLACEHOLDER.findall(line) if line != ANY_LINES else ():
                if name in _CHANGING or name in self.values or name not in seen:
                    yield name
                seen.add(name)


def _text(text: str) -> str:
    return "".join(f"{line}\n" for line in _lines(text))


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that are not empty, with one space for several and short rules."""
    for line in text.splitlines():
        if words := " ".join(line.split()):
            yield re.sub(r"-{3,}", "---", re.sub("━+", "━", words))
