"""The differences of two states, one readable change at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Action = Literal["create", "update", "delete"]

# Terraform's term for a value that Azure sets.
KNOWN_AFTER_APPLY: Final = "(known after apply)"

# An object, or an entry of a list in brackets; in an update, then its field.
_PATH: Final = re.compile(r"(?P<target>[a-z_]+(?:[a-z_.]*\[[^\[\]]+\])?)(?:\.(?P<field>[a-z_]+))?")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `path` is `identity` or `upstream.templates[n]` if the whole object is created or deleted, and
    the path of a field if that is updated. `n` is the index in the desired list; for a deletion, in
    Azure's list. A template that moves past others has an update of its `position`. `before` and
    `after` are JSON values, None for what does not exist.
    """

    path: str
    action: Action
    before: Any
    after: Any

    @property
    def target(self) -> str:
        """The object that changes: `path` without the field."""
        return self._parsed()["target"]

    @property
    def field(self) -> str:
        """The field that is updated; empty if the whole object changes."""
        return self._parsed()["field"] or ""

    def _parsed(self) -> re.Match[str]:
        found = _PATH.fullmatch(self.path)
        if found is None:
            raise ValueError(f"{self.path!r} is not the path of a change.")
        return found


def field_changes(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    """Return an update for each field at `path` that differs."""
    for field in {**before, **after}:
        old, new = before.get(field), after.get(field)
        if old != new:
            yield Change(f"{path}.{field}", "update", old, new)
