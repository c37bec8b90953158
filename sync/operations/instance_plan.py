"""The plan of an instance, from its rows: what they want against what Azure last answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from arm.state import InstanceState
from identities.models import SignalRInstance
from sync.desired.function_app_targets import serving_apps, wanted_apps
from sync.desired.state import (
    desired_state,
    existence_of,
    known_vaults,
    needed_grants,
    observed_state,
)
from sync.errors import NeverRead
from sync.planning.components.vault_names import named_vaults
from sync.planning.partial_plan import take
from sync.planning.plan import Plan, plan, removal


def plan_instance(instance: SignalRInstance, paths: Collection[str] = ()) -> Plan:
    """Return the plan for `instance`, without asking Azure and without writing anything.

    With `paths`, it holds only the changes that have these, and those that must go with them.
    Raises NeverRead where there is no answer of Azure's to compare with, NoSuchChange for a path at
    which nothing differs, and InvalidDesired where what is wanted cannot work.
    """
    observed = observed_state(instance)
    if observed is None:
        why = "has no such instance" if instance.missing_since else "was not read yet"
        raise NeverRead(f"{instance}: Azure {why}. Import it again, then plan.")
    desired = desired_state(instance)
    _require_known(instance, desired)
    wanted = _chosen(instance, observed, desired, paths) if paths else desired
    return plan(wanted, observed, instance=instance.name)


def plan_deletion(instance: SignalRInstance) -> Plan:
    """Return the plan that deletes `instance` in Azure, whatever is wanted of it.

    Raises NeverRead where Azure, as far as is known, has no such instance.
    """
    observed = observed_state(instance)
    if observed is None or instance.observed is None:
        raise NeverRead(f"{instance}: Azure has no such instance, as far as is known.")
    # What is half made is there to be deleted. Its grants and the apps that serve it stay as they
    # are, whoever changes them meanwhile.
    kept = replace(observed, existence=existence_of(instance), grants=(), function_apps=())
    return removal(kept, instance=instance.name)


def _chosen(
    instance: SignalRInstance,
    observed: InstanceState,
    desired: InstanceState,
    paths: Collection[str],
) -> InstanceState:
    """Return what is wanted at these paths alone, with what of grants and apps that needs."""
    wanted = take(observed, desired, paths)
    new = {*needed_grants(instance, wanted)} - {*needed_grants(instance, observed)}
    # What the identity that is left behind was granted goes with it.
    holders = {wanted.identity.holder, desired.identity.holder}
    grants = {each for each in (*wanted.grants, *new) if each.identity in holders}
    wanted = replace(wanted, grants=tuple(sorted(grants)))
    if wanted.templates == observed.templates or wanted.function_apps != observed.function_apps:
        return wanted
    serving = serving_apps(instance, desired.templates)
    return replace(wanted, function_apps=wanted_apps(instance, wanted.templates, serving))


def _require_known(instance: SignalRInstance, desired: InstanceState) -> None:
    """Raise NeverRead where a template names a vault that nobody has looked for."""
    names = named_vaults(desired.templates)
    if names and (unread := sorted(set(names) - known_vaults(names).keys())):
        raise NeverRead(
            f"{instance} names secrets of the vault {', '.join(unread)}, which was not looked for "
            f"yet. Refresh it by `manage.py drift {instance}`, then plan."
        )
