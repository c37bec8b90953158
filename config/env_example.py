"""`.env.example`, made from `config.variables`: `python -m config.env_example > .env.example`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from config.environment import External, Variable
from config.variables import SECTIONS, web

_HEAD: Final = """\
# Every variable that Signalman reads. Copy this file to .env, or set them where the programs run.
# A commented line shows a variable that is unset by default: give it a value when you uncomment it.
# Made by: python -m config.env_example > .env.example
"""


def env_example() -> str:
    """Return the text of the file."""
    return "\n".join([_HEAD, *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    for number, (title, entries) in enumerate(SECTIONS.items()):
        if number:
            yield ""
        yield f"# --- {title} ---"
        for entry in entries:
            yield from (f"# {line}" for line in entry.help.splitlines())
            yield _assignment(entry)


def _assignment(entry: Variable[Any] | External) -> str:
    default = None if isinstance(entry, External) else entry.default
    shown = entry.example or ("" if default is None else _text(default))
    if entry is web.SECRET_KEY:
        return f"{entry.name}="
    is_default = not isinstance(entry, External) and default not in (None, "", [])
    return f"{entry.name}={shown}" if is_default else f"# {entry.name}={shown}"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    print(env_example(), end="")  # noqa: T201  a program for the terminal
