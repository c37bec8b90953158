"""The page of management commands, from their parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from scripts.reference.markdown import code, generated, table, text


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def our_commands() -> dict[str, BaseCommand]:
    """Return the commands of Signalman's own apps by name, without those of other packages."""
    ours = {
        config.name
        for config in apps.get_app_configs()
        if Path(config.path).parent == Path(settings.BASE_DIR)
    }
    return {
        name: load_command_class(app, name)
        for name, app in sorted(get_commands().items())
        # Django's own, which Signalman only lets run once at a time.
        if app in ours and name != "migrate"
    }


def _lines() -> Iterator[str]:
    commands = our_commands()
    yield from generated(
        "Commands",
        "the parsers of the commands",
        "Run a command with `python manage.py NAME`. Every command also has Django's options, such "
        "as `--help`, `--traceback` and `--no-color`. The exit code is 0 if the command succeeded, "
        "and 1 after an error, which is on standard error. It is 2 if an argument is unknown, or "
        "as described for the command.",
    )
    yield table(
        ("command", ""),
        ((f"[{name}](#{name})", text(_summary(command))) for name, command in commands.items()),
    )
    for name, command in commands.items():
        yield f"## {name}\n"
        yield f"{text(command.help)}\n"
        yield table(("argument", "meaning"), map(_row, _actions(name, command)))


def _summary(command: BaseCommand) -> str:
    return command.help.split(". ")[0].rstrip(".")


_SHARED: Final = frozenset(
    action.dest
    for action in BaseCommand().create_parser("manage.py", "command")._actions  # noqa: SLF001
)


def _actions(name: str, command: BaseCommand) -> Iterator[argparse.Action]:
    parser = command.create_parser("manage.py", name)
    for action in parser._actions:  # noqa: SLF001  argparse has no public list
        if action.dest not in _SHARED and action.help != argparse.SUPPRESS:
            yield action


def _row(action: argparse.Action) -> tuple[str, str]:
    value = _value(action)
    if not action.option_strings:
        return code(value), text(action.help or "")
    names = ", ".join(action.option_strings)
    needed = "required: " if action.required else ""
    return code(f"{names} {value}".strip()), text(needed + (action.help or "") % vars(action))


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name: Any = action.metavar or action.dest.upper()
    if action.choices is not None:
        name = action.metavar or "{" + ",".join(map(str, action.choices)) + "}"
    if isinstance(name, tuple):
        return " ".join(name)
    if action.nargs in ("*", "+"):
        return f"{name}..."
    return " ".join([str(name)] * action.nargs) if isinstance(action.nargs, int) else str(name)
