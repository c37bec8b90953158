"""The registered components, and planning with them.

To add a component, write a subclass of `Component` in a module of this package and add it to
`REGISTRY` below. Plans, applies, the API and the portal then include it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from arm.instance_state import InstanceState
from sync.components.component import Component
from sync.components.creation_and_deletion import ExistenceComponent
from sync.components.function_apps import FunctionAppsComponent
from sync.components.grants import GrantsComponent
from sync.components.identity import IdentityComponent
from sync.components.senders import SendersComponent
from sync.components.service_mode import ServiceModeComponent
from sync.components.templates import TemplatesComponent
from sync.planning import partial_plan, plan, state_match
from sync.planning.changes import Change
from sync.planning.plan import Plan, Step


class Registry:
    """The components of an instance, in the order in which differences are listed."""

    def __init__(self, *components: Component) -> None:
        self._register(components)

    def _register(self, components: tuple[Component, ...]) -> None:
        self._all = components
        # Those whose values rows state, and those whose values follow from them.
        self.declared = tuple(each for each in components if each.is_declared)
        self.derived = tuple(each for each in components if not each.is_declared)

    def __iter__(self) -> Iterator[Component]:
        return iter(self._all)

    def __getitem__(self, kind: str) -> Component:
        for component in self._all:
            if component.kind == kind:
                return component
        raise ValueError(f"There is no component {kind!r}.")

    @contextmanager
    def including(self, component: Component) -> Iterator[None]:
        """Register a further component inside the block."""
        if component.kind in {each.kind for each in self._all}:
            raise ValueError(f"There is a component {component.kind!r} already.")
        others = self._all
        self._register((*others, component))
        try:
            yield
        finally:
            self._register(others)

    def plan(self, desired: InstanceState, observed: InstanceState, *, instance: str) -> Plan:
        """Return the plan from `observed` to `desired`. Raises InvalidDesired."""
        return plan.plan(self._all, desired, observed, instance=instance)

    def removal(self, observed: InstanceState, *, instance: str) -> Plan:
        """Return the plan that deletes the instance."""
        return plan.removal(self._all, observed, instance=instance)

    def problems(self, desired: InstanceState) -> tuple[str, ...]:
        """Return a message for each reason why Azure would not accept `desired`."""
        return plan.problems(self, desired)

    def explain(self, shown: Plan, step: Step) -> str:
        """Return why `step` is where it is in the plan, as a message."""
        return self[step.kind].explain(shown.before, shown.target)

    def differences(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the changes from `before` to `after`."""
        return partial_plan.differences(self, before, after)

    def take(
        self, before: InstanceState, after: InstanceState, paths: Collection[str]
    ) -> InstanceState:
        """Return `before` with the changes towards `after` at these paths. Raises NoSuchChange."""
        return partial_plan.take(self._all, before, after, paths)

    def leave(
        self, before: InstanceState, after: InstanceState, paths: Collection[str]
    ) -> InstanceState:
        """Return `after` without the changes at these paths. Raises NoSuchChange."""
        return partial_plan.leave(self._all, before, after, paths)

    def is_in_sync(self, desired: InstanceState, observed: InstanceState) -> bool:
        """Return whether Azure has the desired state, and nothing managed in addition."""
        return state_match.is_in_sync(self, desired, observed)

    def matches(self, found: InstanceState, planned: InstanceState) -> bool:
        """Return whether the observed state satisfies a planned one."""
        return state_match.matches(self, found, planned)

    def can_continue(
        self, found: InstanceState, before: InstanceState, after: InstanceState
    ) -> bool:
        """Return whether a step from `before` to `after` may be sent now."""
        return state_match.can_continue(self, found, before, after)


REGISTRY: Final = Registry(
    ExistenceComponent(),
    IdentityComponent(),
    GrantsComponent(),
    FunctionAppsComponent(),
    ServiceModeComponent(),
    TemplatesComponent(),
    SendersComponent(),
)
