"""The blocks of code in the documentation, each with the comment that says how it is tested.

A block is preceded by a comment, which neither GitHub nor the site shows:

    <!-- run: tests/docs/test_tutorial.py -->       the test runs it as it is written
    <!-- not run: needs a Kubernetes cluster -->    and the reason
    <!-- file: greetings/hubs.py -->                the reader writes this file
    <!-- portal: Instances, chat-prod -->           these links of the portal lead to what it shows

Blocks of the language `text` show output and need no comment.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cloud import REPOSITORY

PAGES: Final = sorted(
    {
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
    }
)
_FENCE: Final = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=indent)(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
_MARK: Final = re.compile(r"<!-- (?P<kind>run|not run|file|portal): (?P<what>[^\n]+?) -->\s*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its page, line, language and text, and its mark.

    `kind` is `run`, `not run`, `file` or `portal`, and `what` the test, the reason, the name of the
    file that the reader writes, or the links; both are empty without a mark.
    """

    page: Path
    line: int
    language: str
    text: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in their order, directives of the site left out."""
    source = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(source):
        language = found["language"].strip()
        if language.startswith("{"):
            continue
        mark = _MARK.search(source, 0, found.start())
        yield Block(
            page,
            source.count("\n", 0, found.start()) + 1,
            language,
            textwrap.dedent(found["text"]),
            mark["kind"] if mark else "",
            mark["what"] if mark else "",
        )
