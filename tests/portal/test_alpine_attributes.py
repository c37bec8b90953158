"""Values never become part of an expression that Alpine compiles: `unsafe-eval` is allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cloud import REPOSITORY

TEMPLATES = sorted((REPOSITORY / "templates").rglob("*.html"))
# x-data, x-on:click, @click, :class and the like.
EVALUATED = re.compile(r"""\s(?:x-[a-z][\w.:-]*|@[a-z][\w.:-]*|:[a-z][\w.:-]*)=("[^"]*"|'[^']*')""")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_value_in_evaluated_attribute(template: Path) -> None:
    assert [found for found in EVALUATED.findall(template.read_text()) if "{{" in found] == []


def test_finds_value_in_evaluated_attribute() -> None:
    (found,) = EVALUATED.findall("""<p class="a" x-data="{ open: '{{ name }}' }">""")
    assert "{{" in found
