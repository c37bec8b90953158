from __future__ import annotations

import io

import pytest
from django.core.management.base import OutputWrapper

from sync.management.terminal import working, write_table


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_writes_tab_separated_lines_without_terminal() -> None:
    out = io.StringIO()
    write_table(OutputWrapper(out), ("Name", "Status"), [("a[red]", "Synced")])
    assert out.getvalue() == "a[red]\tSynced\n"


def test_writes_table_with_headings_on_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    write_table(OutputWrapper(_Screen()), ("Name", "Status"), [("a[red]", "Synced")])
    shown = capsys.readouterr().out
    assert "Name" in shown
    assert "a[red]" in shown


def test_shows_no_spinner_without_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with working(OutputWrapper(io.StringIO()), "Reading"):
        pass
    assert capsys.readouterr() == ("", "")
