"""The layout of packages: a newcomer finds the file for a change from the list of folders."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LINES: Final = 400
MODULES: Final = 15
# A command is a module by Django's rule, and a migration is named by its number.
FLAT: Final = ("migrations", "commands")


def modules() -> list[Path]:
    """Return the Python modules of the repository, relative to it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.py"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for each in listed.splitlines() if (ROOT / (path := Path(each))).is_file()]


def test_modules_are_short() -> None:
    lengths = {path: len((ROOT / path).read_bytes().splitlines()) for path in modules()}
    assert not {str(path): lines for path, lines in lengths.items() if lines > LINES}


def test_packages_have_few_modules() -> None:
    counted = Counter(
        path.parent
        for path in modules()
        if path.name != "__init__.py" and path.parent.name not in FLAT
    )
    assert not {str(path): number for path, number in counted.items() if number > MODULES}
