"""The files that `-f` names, which declare a fleet."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from django.core.management.base import CommandError

from sync.declarative.check_fleet import InvalidDeclarations
from sync.declarative.fleet_yaml import Declarations, read_documents
from sync.declarative.yaml_reader import Location, Problem
from sync.management.text_input import STDIN, read_text
from sync.planning.errors import SyncError

_ENDINGS: Final = {".yaml", ".yml"}


def add_file_argument(parser: ArgumentParser) -> None:
    """Add `-f` for files, folders and standard input."""
    parser.add_argument(
        "-f",
        "--file",
        action="append",
        default=[],
        dest="files",
        metavar="PATH",
        help="file or folder with YAML documents as `export` prints them, or - for standard "
        "input; may be repeated",
    )


def read_files(paths: Sequence[str]) -> Declarations:
    """Return what the files declare.

    Raises InvalidDeclarations with every problem, and SyncError if they declare nothing.
    """
    texts: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for name in _files(paths):
        try:
            texts.append((_shown(name), read_text(name)))
        except OSError as error:
            problems.append(_unreadable(name, error.strerror or "unknown error"))
        except CommandError:
            problems.append(_unreadable(name, "it is not encoded in UTF-8"))
    declared, wrong = read_documents(texts)
    if problems or wrong:
        raise InvalidDeclarations([*problems, *wrong])
    if not declared.instances and not declared.function_apps:
        raise SyncError(f"There are no documents in {', '.join(map(_shown, paths))}.")
    return declared


def _files(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files; those of a folder sorted by path, without hidden ones."""
    for name in paths:
        folder = Path(name)
        if name == STDIN or not folder.is_dir():
            yield name
            continue
        for file in sorted(folder.rglob("*")):
            is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
            if file.suffix in _ENDINGS and file.is_file() and not is_hidden:
                yield str(file)


def _shown(name: str) -> str:
    return "stdin" if name == STDIN else name


def _unreadable(name: str, why: str) -> Problem:
    return Problem(Location(_shown(name), 1), f"The file cannot be read: {why}.")
