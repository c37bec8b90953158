"""The list of differences that are allowed, each with its reason."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

FILE = Path(__file__).with_name("differences.toml")


@dataclass(frozen=True)
class Entry:
    """Differences that are allowed.

    `recording` names the recordings ("folder/file", with wildcards), `request` the requests and
    `difference` the text; both are regular expressions that have to match completely.
    """

    reason: str
    recording: str = "*"
    request: str = ".*"
    difference: str = ".*"

    def allows(self, recording: str, request: str, difference: str) -> bool:
        """Return whether this is a difference that the entry names."""
        return (
            self.concerns(recording)
            and self._request.fullmatch(request) is not None
            and self._difference.fullmatch(difference) is not None
        )

    def concerns(self, recording: str) -> bool:
        """Return whether the entry is about a recording."""
        return fnmatchcase(recording, self.recording)

    @cached_property
    def _request(self) -> re.Pattern[str]:
        return re.compile(self.request, re.IGNORECASE)

    @cached_property
    def _difference(self) -> re.Pattern[str]:
        return re.compile(self.difference, re.DOTALL)


class AllowList:
    """The entries, and which of them were used. Raises TypeError for an entry without a reason."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._used: set[Entry] = set()
        self._seen: set[str] = set()

    @classmethod
    def read(cls, file: Path = FILE) -> AllowList:
        """Read the list from its file."""
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls([Entry(**entry) for entry in content.get("difference", [])])

    def allows(self, recording: str, request: str, difference: str) -> bool:
        """Return whether a difference is on the list, and note that its entry is used."""
        self._seen.add(recording)
        found = [one for one in self._entries if one.allows(recording, request, difference)]
        self._used.update(found)
        return bool(found)

    def see(self, recording: str) -> None:
        """Record that a recording was replayed."""
        self._seen.add(recording)

    def unused(self) -> list[Entry]:
        """Return the entries about replayed recordings that no difference matches any more."""
        return [
            one
            for one in self._entries
            if one not in self._used and any(one.concerns(name) for name in self._seen)
        ]
