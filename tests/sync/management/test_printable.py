"""Commands escape control characters and redact keys in what they print."""

from __future__ import annotations

import io

import pytest
from django.core.management.base import OutputWrapper

from sync.management.terminal import printable, write_table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("two\nlines", "two\nlines"),
        ("tab\tbed", "tab\\tbed"),
        ("right\u202eleft", "right\\u202eleft"),
        ("Zürich", "Zürich"),
    ],
)
def test_escapes_control_characters(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_redacts_keys_in_urls() -> None:
    assert "s3cret" not in printable("refused https://a.example/x?code=s3cret-key-value")


def test_table_cell_stays_one_cell() -> None:
    out = io.StringIO()
    write_table(OutputWrapper(out), ("A", "B"), [("a\tb\nc", "\x07")])
    assert out.getvalue() == "a\\tb c\t\\x07\n"
