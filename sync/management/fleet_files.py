"""Files that declare a fleet, as `-f` names them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sync.declarative.comparison import Undeclarable
from sync.declarative.fleet_documents import Declarations, read_documents
from sync.declarative.yaml_reader import Fault, Place
from sync.planning.errors import SyncError

_STDIN: Final = "-"
_ENDINGS: Final = {".yaml", ".yml"}


def add_file_argument(parser: ArgumentParser) -> None:
    """Take files, folders and standard input."""
    parser.add_argument(
        "-f",
        "--file",
        action="append",
        default=[],
        dest="files",
        metavar="PATH",
        help="what is to be, as `export` writes it: a file, a folder's .yaml and .yml files, or -; "
        "may be repeated",
    )


def read_files(paths: Sequence[str]) -> Declarations:
    """Return what the files declare.

    Raises Undeclarable with all that is wrong in them, and SyncError where they declare nothing.
    """
    texts: list[tuple[str, str]] = []
    faults: list[Fault] = []
    for name in _files(paths):
        try:
            texts.append((_shown(name), _read(name)))
        except OSError as error:
            faults.append(_unreadable(name, error.strerror or "the system refuses it"))
        except UnicodeDecodeError:
            faults.append(_unreadable(name, "it is not in UTF-8"))
    declared, wrong = read_documents(texts)
    if faults or wrong:
        raise Undeclarable([*faults, *wrong])
    if not declared.instances and not declared.function_apps:
        raise SyncError(f"Nothing is declared in {', '.join(map(_shown, paths))}.")
    return declared


def _files(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files, those of a folder by their path; what is hidden is passed over."""
    for name in paths:
        folder = Path(name)
        if name == _STDIN or not folder.is_dir():
            yield name
            continue
        for file in sorted(folder.rglob("*")):
            is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
            if file.suffix in _ENDINGS and file.is_file() and not is_hidden:
                yield str(file)


def _read(name: str) -> str:
    data = sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
    return data.decode("utf-8")


def _shown(name: str) -> str:
    return "stdin" if name == _STDIN else name


def _unreadable(name: str, why: str) -> Fault:
    return Fault(Place(_shown(name), 1), f"It cannot be read: {why}.")
