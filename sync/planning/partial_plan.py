"""Some of the changes between two states, chosen by their paths. Free of Django."""

from __future__ import annotations

from collections.abc import Collection

from arm.state import InstanceState
from sync.planning.changes import Change
from sync.planning.components import PARTS
from sync.planning.components.component import Part
from sync.planning.errors import SyncError


class NoSuchChange(SyncError):
    """A path was chosen at which nothing differs. The message says what differs."""


def differences(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    """Return what turns `before` into `after`, whether or not that could work in Azure."""
    return tuple(change for part in PARTS for change in _of_part(part, before, after))


def take(before: InstanceState, after: InstanceState, paths: Collection[str]) -> InstanceState:
    """Return `before` with those of the changes towards `after` that are at `paths`.

    Changes that only make sense together are taken together, as the fields of an identity. Raises
    NoSuchChange.
    """
    return _taken(before, after, _together(before, after, paths))


def leave(before: InstanceState, after: InstanceState, paths: Collection[str]) -> InstanceState:
    """Return `after` without those of the changes from `before` that are at `paths`.

    What `take` takes together, this leaves together. Raises NoSuchChange.
    """
    left = _together(before, after, paths)
    every = {change.path for change in differences(before, after)}
    return _taken(before, after, every - left)


def _together(
    before: InstanceState, after: InstanceState, paths: Collection[str]
) -> frozenset[str]:
    """Return `paths` and those of the changes that have to go with them."""
    known: set[str] = set()
    found: set[str] = set()
    for part in PARTS:
        of_part = {change.path for change in _of_part(part, before, after)}
        units = {_unit(part, path) for path in of_part & set(paths)}
        found |= {path for path in of_part if _unit(part, path) in units}
        known |= of_part
    if unknown := sorted(set(paths) - known):
        raise NoSuchChange(
            f"Nothing differs at {', '.join(unknown)}. "
            f"What differs is at: {', '.join(sorted(known)) or 'no place at all'}."
        )
    return frozenset(found)


def _taken(before: InstanceState, after: InstanceState, paths: Collection[str]) -> InstanceState:
    state = before
    for part in PARTS:
        chosen = frozenset(change.path for change in _of_part(part, before, after)) & set(paths)
        if chosen:
            towards = part.step_towards(after, state)
            state = part.choice.take(state, towards, chosen) if part.choice else towards
    return state


def _of_part(part: Part, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    return part.changes(before, part.step_towards(after, before))


def _unit(part: Part, path: str) -> str:
    return part.choice.unit(path) if part.choice else part.kind
