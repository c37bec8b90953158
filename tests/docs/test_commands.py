"""The commands of the documentation exist and take the arguments that it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.blocks import PAGES, Block, blocks

LANGUAGES = {"bash", "console"}
# A command with its arguments, up to a comment, a pipe or another command.
_LINE = re.compile(r"(?:^|[\s/])manage\.py ([a-z_]+)((?:<[\w ]+>|[^#|>;&\n])*)", re.MULTILINE)


def lines() -> Iterator[tuple[Block, str, str]]:
    """Yield each call of `manage.py`: its block, the command and the arguments."""
    for page in PAGES:
        for block in blocks(page):
            if block.language in LANGUAGES:
                for name, arguments in _LINE.findall(block.text.replace("\\\n", " ")):
                    yield block, name, arguments


CALLS = list(lines())


def test_finds_the_commands() -> None:
    assert len(CALLS) > 40


@pytest.mark.parametrize(
    ("name", "arguments"),
    [call[1:] for call in CALLS],
    ids=[f"{number}-{block}" for number, (block, _, _) in enumerate(CALLS)],
)
def test_command_line_is_valid(name: str, arguments: str) -> None:
    command = load_command_class(get_commands()[name], name)
    # Placeholders such as <subscription ID>. What follows < alone is a file for standard input.
    given = re.sub(r"<[\w ]+>", str(UUID(int=1)), arguments).partition("<")[0]
    command.create_parser("manage.py", name).parse_args(shlex.split(given))
