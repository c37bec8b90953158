"""Files of the operator that hold secrets: JSON objects that only their owner can change."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

Value = TypeVar("Value")

_MOST_BYTES: Final = 1_048_576
# Writable by its group, or accessible to others. Group-readable is fine: Kubernetes mounts
# secrets so.
_TOO_OPEN: Final = 0o027
_NEVER_READ: Final = object()


class PrivateFileProblem(Exception):
    """The file cannot be used. The message gives the reason without the content."""


class PrivateFile(Generic[Value]):
    """The values in the file at `path`, by instance; read again once the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._read: tuple[object, Mapping[str, Value]] = (_NEVER_READ, {})

    def of(self, instance: str) -> Value | None:
        """Return an instance's value. Raises what `_load` raises."""
        found = _stamp(self._path)
        before, values = self._read
        if before != found:
            values = self._load()
            self._read = (found, values)
        return values.get(instance.lower())

    def _load(self) -> Mapping[str, Value]:
        """Return the file's values, by instance in lower case."""
        raise NotImplementedError


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file. Raises PrivateFileProblem."""
    try:
        with path.open("rb") as file:
            _refuse_open_mode(os.fstat(file.fileno()))
            document = json.loads(file.read(_MOST_BYTES))
    except OSError as error:
        raise PrivateFileProblem(f"the file cannot be read: {error.strerror}.") from error
    except ValueError as error:
        # The error would quote the content.
        raise PrivateFileProblem("the file is not JSON.") from error
    if not isinstance(document, dict):
        raise PrivateFileProblem("the file is not a JSON object by instance name.")
    return document


def _stamp(path: Path) -> object:
    """Return a value that differs once the file has changed."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode)


def _refuse_open_mode(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise PrivateFileProblem("it is not a file.")
    if found.st_mode & _TOO_OPEN:
        raise PrivateFileProblem(
            f"the file's mode is {stat.S_IMODE(found.st_mode):o}, so that others may read or "
            "change it: chmod 600 it."
        )
