"""Every block of code in the documentation is run by a test, or says why it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.cloud import REPOSITORY
from tests.docs.blocks import PAGES, blocks

BLOCKS = [block for page in PAGES for block in blocks(page)]
CODE = [block for block in BLOCKS if block.language != "text"]


def test_every_block_is_marked() -> None:
    assert len(CODE) > 60
    assert [str(block) for block in CODE if not block.kind] == []


def test_every_block_has_a_language() -> None:
    assert [str(block) for block in BLOCKS if not block.language] == []


def test_marks_name_tests_of_their_page() -> None:
    wrong = []
    for block in CODE:
        if block.kind == "run":
            test = REPOSITORY / block.what
            if not test.is_file() or block.page.name not in test.read_text(encoding="utf-8"):
                wrong.append(str(block))
    assert wrong == []


def test_blocks_that_are_not_run_have_a_reason() -> None:
    short = [str(each) for each in CODE if each.kind == "not run" and len(each.what.split()) < 3]
    assert short == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_code_is_fenced(page: Path) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    indented = [token.map for token in tokens if token.type == "code_block"]
    assert indented == [], "Write it between ``` and name its language."
