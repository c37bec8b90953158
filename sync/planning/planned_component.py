"""The planning side of a component: how two states of it differ, and where its step belongs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar

from arm.instance_state import InstanceState
from sync.planning.changes import Change
from sync.planning.step_order import Order


class PlannedComponent(ABC):
    """One managed component of an instance, as far as a plan needs it. Free of Django.

    `kind` names the component's steps and its value in an InstanceState. Methods that take two
    states are given the states before and after; for a step they differ in this component alone,
    for `order` and `explain` they are those of the whole plan.
    """

    kind: ClassVar[str]
    # Whether the component's absence is that of the instance: deleting it deletes the instance.
    is_root: ClassVar[bool] = False

    @abstractmethod
    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the differences, readable one at a time."""

    @abstractmethod
    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return where the step belongs in a plan from `before` to `after`."""

    @abstractmethod
    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return the step's title: a verb with an object."""

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Return why the step is where it is in the plan, as a message."""
        return ""

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Return what stops working because of the step, and until when."""
        return ()

    def losses(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Return what the step removes and cannot restore. Not empty: the step is destructive."""
        return ()

    def problems(self, desired: InstanceState) -> tuple[str, ...]:
        """Return why Azure would not accept this desired state."""
        return ()

    def unit(self, path: str) -> str:
        """Return the name shared by changes that are only valid together.

        By default all changes of the component are.
        """
        return self.kind

    def take(
        self, before: InstanceState, after: InstanceState, paths: Collection[str]
    ) -> InstanceState:
        """Return `before` with those of the changes towards `after` that are at `paths`."""
        return self.step_towards(after, before)

    def relevant(self, found: Any, desired: Any) -> Any:
        """Return the part of an observed value that can be compared with a desired one."""
        return found

    def matches(self, found: Any, planned: Any) -> bool:
        """Return whether an observed value satisfies a planned one."""
        return bool(found == planned)

    def can_continue(self, found: Any, before: Any, after: Any) -> bool:
        """Return whether a step from `before` to `after` may be sent, given the observed value.

        A component that needs several writes also accepts what an interrupted step leaves.
        """
        return self.matches(found, before)

    def value(self, state: InstanceState) -> Any:
        """Return this component's value in `state`."""
        return state.value(self.kind)

    def step_towards(self, desired: InstanceState, state: InstanceState) -> InstanceState:
        """Return `state` with this component's value from `desired`."""
        return state.with_value(self.kind, self.value(desired))
