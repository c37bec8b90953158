"""Pieces of Markdown that GitHub and MyST show alike."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

# Outside of code, these would be read as HTML, emphasis or the end of a cell.
_SPECIAL: Final = re.compile(r"([<>*|])")
_CODE: Final = re.compile(r"(`[^`]*`)")


def generated(title: str, source: str, introduction: str) -> Iterator[str]:
    """Yield the head of a page. `source` names the module that the page is generated from."""
    yield f"# {title}\n"
    yield paragraph(introduction)
    yield paragraph(f"Generated from {source} by `make reference`.")


def paragraph(words: str) -> str:
    """Return a paragraph in lines of some length, with a blank line after it."""
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def text(words: str) -> str:
    """Return a text as one line of Markdown; code in backticks stays as it is."""
    pieces = _CODE.split(" ".join(words.split()))
    return "".join(
        piece.replace("|", r"\|") if number % 2 else _SPECIAL.sub(r"\\\1", piece)
        for number, piece in enumerate(pieces)
    )


def code(words: str) -> str:
    """Return a text as code."""
    return f"`{words}`".replace("|", r"\|") if words else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a blank line after it, or nothing where there are no rows."""
    found = list(rows)
    if not found:
        return ""
    lines = [head, ["---"] * len(head), *found]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines) + "\n"
