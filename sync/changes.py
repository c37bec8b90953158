"""What differs between two states, one readable change at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from arm.state import IdentityState, TemplateState
from sync.matching import match

Action = Literal["create", "update", "delete"]

# Terraform's words for a value that only Azure can give.
KNOWN_AFTER_APPLY: Final = "(known after apply)"

_TARGET: Final = re.compile(r"identity|upstream\.templates\[\d+\]")


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
        """The identity or the template that changes: `path` without the field."""
        found = _TARGET.match(self.path)
        if found is None:
            raise ValueError(f"{self.path} is neither of an identity nor of a template.")
        return found[0]

    @property
    def field(self) -> str:
        """The field that is updated, or nothing where the whole target changes."""
        return self.path.removeprefix(self.target).removeprefix(".")


def identity_changes(before: IdentityState, after: IdentityState) -> tuple[Change, ...]:
    """Return what turns the one identity into the other."""
    if before == after:
        return ()
    if before.type == "None":
        return (Change("identity", "create", None, _expected(after)),)
    if after.type == "None":
        return (Change("identity", "delete", _fields(before), None),)
    return tuple(_field_changes("identity", _fields(before), _expected(after)))


def template_changes(
    before: Sequence[TemplateState], after: Sequence[TemplateState]
) -> tuple[Change, ...]:
    """Return what turns the one list into the other: deletes first, then in the wanted order."""
    matching = match(before, after)
    changes = [
        Change(f"upstream.templates[{index}]", "delete", asdict(before[index]), None)
        for index in matching.removed
    ]
    for index, template in enumerate(after):
        path = f"upstream.templates[{index}]"
        if index not in matching.kept:
            changes.append(Change(path, "create", None, asdict(template)))
            continue
        origin = matching.kept[index]
        if index in matching.moved:
            changes.append(Change(f"{path}.position", "update", origin, index))
        changes += _field_changes(path, asdict(before[origin]), asdict(template))
    return tuple(changes)


def _fields(identity: IdentityState) -> dict[str, Any]:
    return {field: value for field, value in asdict(identity).items() if value is not None}


def _expected(identity: IdentityState) -> dict[str, Any]:
    """Return the identity's fields, and a principal where Azure is to make one."""
    if identity.type != "SystemAssigned":
        return _fields(identity)
    return {**_fields(identity), "principal_id": KNOWN_AFTER_APPLY}


def _field_changes(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for field in {**before, **after}:
        old, new = before.get(field), after.get(field)
        if old != new:
            yield Change(f"{path}.{field}", "update", old, new)
