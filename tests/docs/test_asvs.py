"""The walk-through of OWASP ASVS 5.0 has every requirement of levels 1 and 2, with a status."""

from __future__ import annotations

import re
from typing import Final

from tests.cloud import REPOSITORY

PAGE: Final = (REPOSITORY / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
# The number of requirements of levels 1 and 2 in each section; those of level 3 come after them.
# Source: github.com/OWASP/ASVS, 5.0/docs_en, version 5.0.0.
SECTIONS: Final = {
    1: {1: 2, 2: 9, 3: 11, 4: 3, 5: 2},
    2: {1: 3, 2: 3, 3: 4, 4: 1},
    3: {2: 2, 3: 4, 4: 6, 5: 5, 7: 2},
    4: {1: 3, 2: 1, 3: 2, 4: 4},
    5: {1: 1, 2: 3, 3: 2, 4: 3},
    6: {1: 3, 2: 12, 3: 4, 4: 4, 5: 5, 6: 3, 8: 4},
    7: {1: 3, 2: 4, 3: 2, 4: 5, 5: 2, 6: 2},
    8: {1: 2, 2: 3, 3: 1, 4: 1},
    9: {1: 3, 2: 4},
    10: {1: 2, 2: 2, 3: 4, 4: 11, 5: 5, 6: 2, 7: 3},
    11: {1: 2, 2: 3, 3: 3, 4: 4, 5: 1, 6: 1},
    12: {1: 3, 2: 2, 3: 4},
    13: {1: 1, 2: 5, 3: 2, 4: 5},
    14: {1: 2, 2: 4, 3: 3},
    15: {1: 3, 2: 3, 3: 7},
    16: {1: 1, 2: 5, 3: 4, 4: 3, 5: 3},
    17: {1: 1, 2: 4, 3: 2},
}
REQUIREMENTS: Final = [
    (chapter, section, number)
    for chapter, sections in SECTIONS.items()
    for section, last in sections.items()
    for number in range(1, last + 1)
]
STATUSES: Final = {"met", "yours", "partly", "not met", "n/a"}
# A requirement, a range of them, or a whole section.
_NAMED: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+)(?:\u2013\d+\.\d+\.(\d+))?)?")
_ROW: Final = re.compile(r"^\| (\d+\.\d+[\d., \u2013]*) [^|]*\| ([^|]+) \|", re.MULTILINE)
_WHOLE_CHAPTER: Final = re.compile(r"^## V(\d+) .*\n\nAll requirements are n/a", re.MULTILINE)


def listed() -> list[tuple[int, int, int]]:
    """Return the requirements that the page lists."""
    found = [each for each in REQUIREMENTS if str(each[0]) in set(_WHOLE_CHAPTER.findall(PAGE))]
    for requirements, _ in _ROW.findall(PAGE):
        for chapter, section, first, last in _NAMED.findall(requirements):
            of_section = SECTIONS[int(chapter)][int(section)]
            numbers = range(int(first or 1), int(last or first or of_section) + 1)
            found += [(int(chapter), int(section), number) for number in numbers]
    return found


def test_lists_every_requirement_once() -> None:
    assert sorted(listed()) == REQUIREMENTS


def test_statuses_are_explained() -> None:
    explained = re.findall(r"^\| \**([a-z/ ]+?)\** \|", PAGE.partition("## V1 ")[0], re.MULTILINE)
    assert set(explained) - {"status"} == STATUSES
    assert {status.strip("*").split("** for")[0] for _, status in _ROW.findall(PAGE)} <= STATUSES
