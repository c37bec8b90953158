"""What Signalman's rows say that an instance is to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import cast

from arm.state import (
    ABSENT,
    AuthType,
    ExistenceState,
    GrantState,
    IdentityState,
    IdentityType,
    InstanceState,
    TemplateState,
)
from identities.models import KeyVault, ManagedIdentity, SignalRInstance
from sync.desired.function_app_targets import found_apps, serving_apps, wanted_apps
from sync.planning.components.vault_names import named_vaults
from upstreams.models import FunctionApp, UpstreamTemplate


def desired_state(
    instance: SignalRInstance,
    vaults: Mapping[str, KeyVault] | None = None,
    apps: Collection[FunctionApp] | None = None,
) -> InstanceState:
    """Return the state that the rows of `instance` ask for, with what follows from it.

    That is the grants that it needs, and how the Function Apps are to be that it sends to. Without
    further queries for instances fetched by `SignalRInstance.objects.with_desired()`, except one
    for those that name secrets, and one for those with signed templates; hand in `known_vaults()`
    and `managed_apps()` to save them in a loop.
    """
    state = row_state(instance)
    serving = serving_apps(instance, state.templates, apps)
    return replace(
        state,
        grants=needed_grants(instance, state, vaults),
        existence=existence_of(instance) if instance.create_if_missing else ExistenceState(),
        function_apps=wanted_apps(instance, state.templates, serving),
    )


def needed_grants(
    instance: SignalRInstance, state: InstanceState, vaults: Mapping[str, KeyVault] | None = None
) -> tuple[GrantState, ...]:
    """Return the grants that `instance` would need with the identity and templates of `state`.

    Of the vaults that Signalman can tell about, and without what was taken over as Azure had it.
    """
    names, holder = named_vaults(state.templates), state.identity.holder
    if not names or holder is None:
        return ()
    if vaults is None:
        vaults = known_vaults(names)
    taken_over = {tuple(pair) for pair in instance.ungranted}
    grants = {
        GrantState(vault.arm_id.lower(), holder, mechanism)
        for name in names
        if (vault := vaults.get(name)) and (mechanism := vault.mechanism)
        if (name, holder) not in taken_over
    }
    return tuple(sorted(grants))


def existence_of(instance: SignalRInstance) -> ExistenceState:
    """Return how `instance` is, or is to be made."""
    return ExistenceState(instance.location, instance.sku, instance.service_mode)


def row_state(instance: SignalRInstance) -> InstanceState:
    """Return the state that somebody wrote into the rows of `instance`, and nothing derived."""
    return InstanceState(
        identity=_identity(instance.identity),
        templates=tuple(_template(row) for row in instance.upstream_templates.all()),
    )


def known_vaults(names: Iterable[str] | None = None) -> dict[str, KeyVault]:
    """Return the vaults of these names, or all that are known, by name."""
    rows = KeyVault.objects.all() if names is None else KeyVault.objects.named(names)
    return {row.name: row for row in rows}


def observed_state(
    instance: SignalRInstance, apps: Collection[FunctionApp] | None = None
) -> InstanceState | None:
    """Return the state that Azure last answered; None where it never did or has it no more.

    Of an instance that Signalman is to make, that is the absence of it. Function Apps are those
    that the wanted templates send to. `apps` as in `desired_state`.
    """
    if instance.observed is not None:
        state = InstanceState.from_json(instance.observed)
    elif instance.create_if_missing:
        state = ABSENT
    else:
        return None
    serving = serving_apps(instance, row_state(instance).templates, apps)
    return replace(as_made(instance, state), function_apps=found_apps(serving))


def as_made(instance: SignalRInstance, state: InstanceState) -> InstanceState:
    """Return what Azure has of `instance` as a plan sees it: half made is not made.

    Azure keeps what it failed to create, and takes no other change of it: it is created again.
    """
    is_to_be_made = instance.create_if_missing and instance.is_half_made
    return replace(state, existence=None) if is_to_be_made else state


def _identity(row: ManagedIdentity) -> IdentityState:
    borrowed = row.user_assigned
    return IdentityState(
        type=cast("IdentityType", row.type),
        user_assigned_id=borrowed.arm_id.lower() if borrowed else None,
    )


def _template(row: UpstreamTemplate) -> TemplateState:
    return TemplateState(
        url_template=row.url_template,
        hub_pattern=row.hub_pattern,
        category_pattern=row.category_pattern,
        event_pattern=row.event_pattern,
        auth_type=cast("AuthType", row.auth_type),
        resource=row.resource or None,
    )
