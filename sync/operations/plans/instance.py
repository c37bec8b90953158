"""The plan of an instance, from its rows: desired state against Azure's last answer."""

from __future__ import annotations

from collections.abc import Collection

from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from sync.components.component import NOT_FETCHED, SharedRows
from sync.components.registry import REGISTRY
from sync.desired.state import desired_state, observed_state
from sync.errors import NeverRead
from sync.planning.plan import Plan


def plan_instance(
    instance: SignalRInstance, paths: Collection[str] = (), rows: SharedRows = NOT_FETCHED
) -> Plan:
    """Return the plan for `instance`. Sends no request and writes nothing.

    With `paths`, only the changes at these paths and those that are only valid with them. `rows`
    as in `desired_state`. Raises NeverRead if Azure was never read,
    NoSuchChange for a path without a difference, and InvalidDesired if Azure would not accept the
    desired state.
    """
    observed = observed_state(instance, rows)
    if observed is None:
        why = "does not exist in Azure" if instance.missing_since else "was never read from Azure"
        raise NeverRead(f"{instance} {why}. Import it, then plan again.")
    desired = desired_state(instance, rows)
    for component in REGISTRY:
        component.require_known(instance, desired, rows)
    target = _selected(instance, observed, desired, paths) if paths else desired
    return REGISTRY.plan(target, observed, instance=instance.name)


def plan_deletion(instance: SignalRInstance) -> Plan:
    """Return the plan that deletes `instance` in Azure, whatever its desired state.

    Raises NeverRead if Azure, as far as is known, has no such instance.
    """
    state = observed_state(instance)
    if state is None or instance.observed is None:
        raise NeverRead(f"{instance} does not exist in Azure, as far as Signalman knows.")
    for component in REGISTRY:
        value = component.before_deletion(instance, component.value(state))
        state = state.with_value(component.kind, value)
    return REGISTRY.removal(state, instance=instance.name)


def _selected(
    instance: SignalRInstance,
    observed: InstanceState,
    desired: InstanceState,
    paths: Collection[str],
) -> InstanceState:
    """Return the observed state with the changes at these paths, and what they require."""
    selected = REGISTRY.take(observed, desired, paths)
    target = selected
    for component in REGISTRY:
        value = component.complete(instance, observed, desired, selected)
        target = target.with_value(component.kind, value)
    return target
