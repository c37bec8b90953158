"""The access keys of instances, read from the operator's file, never from the database.

The file is JSON, `{"<instance>": ["<primary key>", "<secondary key>"]}`. It is read again as soon
as it changes; replace it atomically, by renaming another file over it.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from upstreams.receiver.configuration import configuration

log = logging.getLogger(__name__)

Keys = Mapping[str, tuple[str, ...]]

_MOST_BYTES: Final = 1_048_576
_MOST_KEYS: Final = 2
# Writable by its group, or accessible to others. Group-readable is fine: Kubernetes mounts
# secrets so.
_TOO_OPEN: Final = 0o027
_NEVER_READ: Final = object()


class AccessKeysProblem(Exception):
    """The file cannot be used. The message gives the reason without the content."""


class AccessKeys:
    """The keys in the file at `path`, by instance in lower case."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._read: tuple[object, Keys] = (_NEVER_READ, {})

    def of(self, instance: str) -> tuple[str, ...]:
        """Return an instance's keys; none where the file has none or cannot be used."""
        found = _stamp(self._path)
        stamp, keys = self._read
        if stamp != found:
            keys = self._load()
            self._read = (found, keys)
        return keys.get(instance.lower(), ())

    def _load(self) -> Keys:
        # Once for each change of the file, so that requests cannot fill the log.
        try:
            return read_keys(self._path)
        except AccessKeysProblem as problem:
            log.error("No access keys: %s", problem)  # noqa: TRY400  # the message is complete
            return {}


@cache
def access_keys(path: str) -> AccessKeys:
    """Return the process's keys of a file."""
    return AccessKeys(Path(path))


def keys_of(instance: str) -> tuple[str, ...]:
    """Return the keys that the configured file has for an instance."""
    path = configuration().access_keys_file
    return access_keys(path).of(instance) if path else ()


def read_keys(path: Path) -> Keys:
    """Return the file's keys. Raises AccessKeysProblem."""
    try:
        with path.open("rb") as file:
            _refuse_open_mode(os.fstat(file.fileno()))
            document = json.loads(file.read(_MOST_BYTES))
    except OSError as error:
        raise AccessKeysProblem(f"the file cannot be read: {error.strerror}.") from error
    except ValueError as error:
        # The error would quote the content.
        raise AccessKeysProblem("the file is not JSON.") from error
    if not isinstance(document, dict):
        raise AccessKeysProblem("the file is not a JSON object by instance name.")
    return {name.lower(): _keys(name, value) for name, value in document.items()}


def _refuse_open_mode(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise AccessKeysProblem("it is not a file.")
    if found.st_mode & _TOO_OPEN:
        raise AccessKeysProblem(
            f"the file's mode is {stat.S_IMODE(found.st_mode):o}, so that others may read or "
            "change it: chmod 600 it."
        )


def _keys(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_KEYS:
        raise AccessKeysProblem(f"{name!r} needs a list of one or two keys.")
    if not all(isinstance(key, str) and key for key in value):
        raise AccessKeysProblem(f"each key of {name!r} must be a string.")
    return tuple(value)


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode)
