"""The access keys of instances, read from the operator's file, never from the database.

The file is JSON, `{"<instance>": ["<primary key>", "<secondary key>"]}`. It is read again as soon
as it changes; replace it atomically, by renaming another file over it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from upstreams.private_file import PrivateFile, PrivateFileProblem, read_json_object
from upstreams.receiver.configuration import configuration

log = logging.getLogger(__name__)

Keys = Mapping[str, tuple[str, ...]]

_MOST_KEYS: Final = 2


class AccessKeys(PrivateFile[tuple[str, ...]]):
    """The keys in the file at `path`, by instance."""

    def of(self, instance: str) -> tuple[str, ...]:
        """Return an instance's keys; none where the file has none or cannot be used."""
        return super().of(instance) or ()

    def _load(self) -> Keys:
        # Once for each change of the file, so that requests cannot fill the log.
        try:
            return read_keys(self._path)
        except PrivateFileProblem as problem:
            log.error("The access keys cannot be read. %s", problem)  # noqa: TRY400  # the message is complete
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
    """Return the file's keys. Raises PrivateFileProblem."""
    document = read_json_object(path)
    return {name.lower(): _keys(name, value) for name, value in document.items()}


def _keys(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_KEYS:
        raise PrivateFileProblem(f"{name!r} needs a list of one or two keys.")
    if not all(isinstance(key, str) and key for key in value):
        raise PrivateFileProblem(f"each key of {name!r} must be a string.")
    return tuple(value)
