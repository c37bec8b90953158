"""What a command shows: tables and a spinner to a person, plain lines to a script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.table import Table
from rich.text import Text


def write_table(out: OutputWrapper, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows as a table where `out` is a terminal, else as tab-separated lines."""
    if not out.isatty():
        for row in rows:
            out.write("\t".join(row))
        return
    table = Table(*headings, box=None, header_style="bold")
    for row in rows:
        # Text, not markup: names are the operator's, and square brackets no style.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@contextmanager
def working(out: OutputWrapper, sentence: str) -> Iterator[None]:
    """Show that something is going on, where `out` is a terminal."""
    if not out.isatty():
        yield
        return
    with Console(stderr=True).status(sentence):
        yield
