"""What differs between two states, one readable change at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Action = Literal["create", "update", "delete"]

# Terraform's words for a value that only Azure can give.
KNOWN_AFTER_APPLY: Final = "(known after apply)"

# One of a part that has one, or a part's entry in brackets; then, in an update, its field.
_PATH: Final = re.compile(r"(?P<target>[a-z_]+(?:[a-z_.]*\[[^\[\]]+\])?)(?:\.(?P<field>[a-z_]+))?")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `path` is `identity` or `upstream.templates[n]` where the whole of it is created or deleted, and
    one of its fields where that is updated. `n` counts in the wanted list, and for a delete in the
    list that Azure has. A template that moves past others has an update of its `position`. `before`
    and `after` are JSON values; what does not exist is None.
    """

    path: str
    action: Action
    before: Any
    after: Any

    @property
    def target(self) -> str:
        """The identity, or the entry of a list, that changes: `path` without the field."""
        return self._parsed()["target"]

    @property
    def field(self) -> str:
        """The field that is updated, or nothing where the whole target changes."""
        return self._parsed()["field"] or ""

    def _parsed(self) -> re.Match[str]:
        found = _PATH.fullmatch(self.path)
        if found is None:
            raise ValueError(f"{self.path!r} is not the path of a change.")
        return found


def field_changes(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    """Return an update for each field at `path` that the two have otherwise."""
    for field in {**before, **after}:
        old, new = before.get(field), after.get(field)
        if old != new:
            yield Change(f"{path}.{field}", "update", old, new)
