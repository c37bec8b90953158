"""Desired and observed state of an instance, from its rows."""

from __future__ import annotations

from typing import Final

from arm.instance_state import ABSENT, InstanceState
from identities.models import SignalRInstance
from sync.components.component import NOT_FETCHED, SharedRows
from sync.components.registry import REGISTRY

_NOTHING: Final = InstanceState()


def desired_state(
    instance: SignalRInstance,
    rows: SharedRows = NOT_FETCHED,
    *,
    declared: InstanceState | None = None,
) -> InstanceState:
    """Return the desired state of `instance`: what its rows declare, and what follows from it.

    Pass `declared` if that is known.

    An instance fetched by `SignalRInstance.objects.with_desired()` takes one query for vaults, one
    for Function Apps and one for registrations, each only if its templates need it. A loop saves
    them with `rows`: `shared_rows()`, or those of `with_shared_rows`.
    """
    declared = declared_state(instance, rows) if declared is None else declared
    return declared.with_values(
        {each.kind: each.desired(instance, declared, rows) for each in REGISTRY.derived}
    )


def declared_state(instance: SignalRInstance, rows: SharedRows = NOT_FETCHED) -> InstanceState:
    """Return what the rows of `instance` declare, without what follows from it.

    `rows` as in `desired_state`.
    """
    return _NOTHING.with_values(
        {each.kind: each.desired(instance, _NOTHING, rows) for each in REGISTRY.declared}
    )


def copied_state(state: InstanceState) -> InstanceState:
    """Return what the rows of an instance declare after `copy_observed` of this state."""
    return _NOTHING.with_values({each.kind: each.copied(state) for each in REGISTRY.declared})


def observed_state(
    instance: SignalRInstance, rows: SharedRows = NOT_FETCHED
) -> InstanceState | None:
    """Return Azure's last answer as a state; None if it was never read or no longer exists.

    For an instance that is to be created, that is the state without an instance. `rows` as in
    `desired_state`.
    """
    if instance.observed is not None:
        answered = InstanceState.from_json(instance.observed)
    elif instance.create_if_missing:
        answered = ABSENT
    else:
        return None
    return answered.with_values(
        {
            component.kind: component.as_planned(
                instance, component.observed(instance, answered, rows)
            )
            for component in REGISTRY
        }
    )


def as_planned(instance: SignalRInstance, state: InstanceState) -> InstanceState:
    """Return an observed state as a plan is to see it."""
    return state.with_values(
        {
            component.kind: component.as_planned(instance, component.value(state))
            for component in REGISTRY
        }
    )
