"""The word check finds retired words where people read them, and nothing else."""

from __future__ import annotations

import pytest

from scripts import check_words

WORDS = check_words.load_words()


def found(path: str, source: str) -> list[str]:
    """Return the findings in a file without its path."""
    return [
        finding.removeprefix(f"{path}:") for finding in check_words.findings_in(path, source, WORDS)
    ]


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("strangers_waiting = 1", "1: 'strangers': write unauthenticated request"),
        ("\n\ndef read_anew(): ...", "3: 'anew': write again"),
        ("class KnownSenders: ...", "1: 'Known Senders': write previously verified token"),
        ("def f(who_asks): ...", "1: 'who asks': write request"),
        ('def f():\n    """Return.\n\n    More of a\n    stranger.\n    """', "5: 'stranger'"),
        ('"""Say whether."""', "1: 'Say': write a noun phrase"),
        ("x = 1\n# It is read\n# anew.", "3: 'anew'"),
        ('f"{x} is mended"', "1: 'mended': write fix"),
        ('raise ValueError("in the words "\n    "of Azure")', "1: 'in the words of'"),
        ('"""The service that\nnobody\nknows."""', "2: 'nobody'"),
    ],
)
def test_finds_retired_word_in_python(source: str, finding: str) -> None:
    """Names, docstrings, comments and strings are checked, phrases across lines included."""
    assert any(line.startswith(finding) for line in found("sync/plan.py", source))


@pytest.mark.parametrize(
    "source",
    [
        'multipart = "part of a request"',
        'html = "made by hand, on demand"',
        "held = 1",
        '"""Return whether there are no more than three, and no more pages."""',
        "# Azure Front Door, and a chat room.",
        '"""Raise an error: what you want is in the set."""',
        'x = "the clock is set back"',
    ],
)
def test_accepts_legitimate_use(source: str) -> None:
    """A word that names something else is not reported."""
    assert found("sync/plan.py", source) == []


@pytest.mark.parametrize(
    "path", ["sync/granting.py", "upstreams/demands.py", "sync/figures/__init__.py"]
)
def test_finds_module_name(path: str) -> None:
    """A gerund is no module name, except for patterns that are known by one."""
    assert found(path, "")


@pytest.mark.parametrize("path", ["sync/planning/__init__.py", "tests/sync/test_importing.py"])
def test_accepts_module_name(path: str) -> None:
    """The design's packages are named by gerunds, and test modules follow what they test."""
    assert found(path, "") == []


def test_reads_text_and_attributes_of_template() -> None:
    """Tags, variables and scripts are code; text, translated strings and titles are read."""
    source = (
        '<p class="stranger">{{ stranger }}</p>\n<script>stranger</script>\n'
        '<a title="Read anew">To mend</a>\n{% translate "Nobody" %}'
    )
    assert sorted(found("templates/a.html", source)) == [
        "3: 'anew': write again, refresh, reset",
        "3: 'mend': write fix; the label is \"Needs attention\"",
        "4: 'Nobody': write the user, the caller, another process, no one",
    ]


def test_reads_markdown_without_link_targets() -> None:
    """A page may link to what is still called otherwise."""
    assert found("docs/a.md", "[Keys](figures.md)\n") == []
    assert found("docs/a.md", "[Figures](keys.md)\n") == ["1: 'Figures': write metric, measurement"]


def test_spelling_is_british_but_css_is_css() -> None:
    """`color` is a property of style sheets; documentation spells it otherwise."""
    assert found("docs/a.md", "The behavior.")
    assert found("static/a.css", "p { color: red } /* grey */") == []


def test_repository_uses_no_retired_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_words.main([]) == 0, capsys.readouterr().out
