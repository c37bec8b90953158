"""Selecting some of the changes between two states by their paths. Free of Django."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from arm.instance_state import InstanceState
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from sync.planning.planned_component import PlannedComponent

Components = Collection[PlannedComponent]


class NoSuchChange(SyncError):
    """A selected path has no difference. The message lists the paths that have one."""


def differences(
    components: Iterable[PlannedComponent], before: InstanceState, after: InstanceState
) -> tuple[Change, ...]:
    """Return the changes from `before` to `after`, whether or not Azure would accept them."""
    return tuple(change for each in components for change in _changes(each, before, after))


def take(
    components: Components, before: InstanceState, after: InstanceState, paths: Collection[str]
) -> InstanceState:
    """Return `before` with those of the changes towards `after` that are at `paths`.

    Changes that are only valid together, such as the fields of an identity, are taken together.
    Raises NoSuchChange.
    """
    selected = _with_units(components, before, after, paths)
    return _taken(components, before, after, selected)


def leave(
    components: Components, before: InstanceState, after: InstanceState, paths: Collection[str]
) -> InstanceState:
    """Return `after` without those of the changes from `before` that are at `paths`.

    What `take` takes together is left out together. Raises NoSuchChange.
    """
    left_out = _with_units(components, before, after, paths)
    every = {change.path for change in differences(components, before, after)}
    return _taken(components, before, after, every - left_out)


def _with_units(
    components: Components, before: InstanceState, after: InstanceState, paths: Collection[str]
) -> frozenset[str]:
    """Return `paths` and those of the changes that are only valid with them."""
    known: set[str] = set()
    found: set[str] = set()
    for component in components:
        own = {change.path for change in _changes(component, before, after)}
        units = {component.unit(path) for path in own & set(paths)}
        found |= {path for path in own if component.unit(path) in units}
        known |= own
    if unknown := sorted(set(paths) - known):
        raise NoSuchChange(
            f"There is no change at {', '.join(unknown)}. "
            f"Paths with a change: {', '.join(sorted(known)) or 'none'}."
        )
    return frozenset(found)


def _taken(
    components: Components, before: InstanceState, after: InstanceState, paths: Collection[str]
) -> InstanceState:
    state = before
    for component in components:
        own = {change.path for change in _changes(component, before, after)}
        if selected := own & set(paths):
            towards = component.step_towards(after, state)
            state = component.take(state, towards, frozenset(selected))
    return state


def _changes(
    component: PlannedComponent, before: InstanceState, after: InstanceState
) -> tuple[Change, ...]:
    return component.changes(before, component.step_towards(after, before))
