"""Desired and observed state of an instance, from its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from arm.state import ABSENT, InstanceState
from identities.models import KeyVault, SignalRInstance
from sync.components.component import SharedRows
from sync.components.function_app_targets import managed_apps
from sync.components.grants import known_vaults
from sync.components.registry import REGISTRY
from upstreams.models import FunctionApp, TokenResource
from upstreams.token_requests.versions import Registrations


def desired_state(
    instance: SignalRInstance,
    vaults: Mapping[str, KeyVault] | None = None,
    apps: Collection[FunctionApp] | None = None,
    registrations: Registrations | None = None,
    *,
    declared: InstanceState | None = None,
) -> InstanceState:
    """Return the desired state of `instance`: what its rows declare, and what follows from it.

    Pass `declared` if that is known.

    An instance fetched by `SignalRInstance.objects.with_desired()` takes one query for vaults, one
    for Function Apps and one for registrations, each only if its templates need it. Pass
    `shared_rows()` to save them in a loop.
    """
    rows = SharedRows(vaults, apps, registrations)
    declared = declared_state(instance) if declared is None else declared
    return declared.with_values(
        {
            component.kind: component.desired(instance, declared, rows)
            for component in REGISTRY
            if not component.is_declared
        }
    )


def declared_state(instance: SignalRInstance) -> InstanceState:
    """Return what the rows of `instance` declare, without what follows from it."""
    rows, nothing = SharedRows(), InstanceState()
    return nothing.with_values(
        {each.kind: each.desired(instance, nothing, rows) for each in REGISTRY.declared}
    )


def copied_state(state: InstanceState) -> InstanceState:
    """Return what the rows of an instance declare after `copy_observed` of this state."""
    return InstanceState().with_values(
        {each.kind: each.copied(state) for each in REGISTRY.declared}
    )


def observed_state(
    instance: SignalRInstance, apps: Collection[FunctionApp] | None = None
) -> InstanceState | None:
    """Return Azure's last answer as a state; None if it was never read or no longer exists.

    For an instance that is to be created, that is the state without an instance. `apps` as in
    `desired_state`.
    """
    if instance.observed is not None:
        answered = InstanceState.from_json(instance.observed)
    elif instance.create_if_missing:
        answered = ABSENT
    else:
        return None
    rows = SharedRows(apps=apps)
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


def shared_rows() -> tuple[dict[str, KeyVault], list[FunctionApp], Registrations]:
    """Return the vaults, Function Apps and registrations to pass to `desired_state` in a loop."""
    apps = managed_apps()
    return known_vaults(), apps, TokenResource.objects.used().registrations() if apps else {}
