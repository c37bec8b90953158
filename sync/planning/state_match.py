"""Whether an observed state matches a desired or planned one. Free of Django.

`partial_plan` lists the differences.
"""

from __future__ import annotations

from collections.abc import Iterable

from arm.instance_state import InstanceState
from sync.planning.planned_component import PlannedComponent

Components = Iterable[PlannedComponent]


def relevant_to(
    components: Components, desired: InstanceState, observed: InstanceState
) -> InstanceState:
    """Return the part of `observed` that can be compared with `desired`."""
    return observed.with_values(
        {each.kind: each.relevant(each.value(observed), each.value(desired)) for each in components}
    )


def is_in_sync(components: Components, desired: InstanceState, observed: InstanceState) -> bool:
    """Return whether Azure has the desired state, and nothing managed in addition."""
    # Equal states need no `relevant_to`, which would return them unchanged.
    return observed == desired or relevant_to(components, desired, observed) == desired


def matches(components: Components, found: InstanceState, planned: InstanceState) -> bool:
    """Return whether the observed state satisfies a planned one."""
    return all(each.matches(each.value(found), each.value(planned)) for each in components)


def can_continue(
    components: Components, found: InstanceState, before: InstanceState, after: InstanceState
) -> bool:
    """Return whether a step from `before` to `after` may be sent, given the observed state."""
    return all(
        each.can_continue(each.value(found), each.value(before), each.value(after))
        for each in components
    )
