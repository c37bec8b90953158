"""Terminal output: tables and a spinner for people, plain lines for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.table import Table
from rich.text import Text

from upstreams.url_templates.redaction import redact


def printable(text: str) -> str:
    r"""Return `text` with keys in URLs redacted and control characters escaped.

    Names and error messages come from Azure and may hold anything. Line breaks are kept; ESC is
    written `\x1b`.
    """
    return "".join(
        each if each == "\n" or each.isprintable() else each.encode("unicode_escape").decode()
        for each in redact(text)
    )


def write_table(out: OutputWrapper, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows as a table if `out` is a terminal, otherwise as tab-separated lines one by one."""
    safe = ([printable(cell).replace("\n", " ") for cell in row] for row in rows)
    if not out.isatty():
        for row in safe:
            out.write("\t".join(row))
        return
    table = Table(*headings, box=None, header_style="bold")
    for row in safe:
        # Text, not markup: square brackets in names are no style.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@contextmanager
def working(out: OutputWrapper, message: str) -> Iterator[None]:
    """Show a spinner while the block runs, if `out` is a terminal."""
    if not out.isatty():
        yield
        return
    with Console(stderr=True).status(message):
        yield
