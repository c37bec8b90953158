"""Which of the needed grants are desired: all, except those that were declined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from sync.components.vault_names import named_vaults
from sync.desired.state import declared_state
from sync.record_audit import record_change

_BATCH: Final = 200


def desire_all_grants(instance: SignalRInstance, *, who: str) -> bool:
    """Desire every grant that the references of `instance` need and record it.

    Returns whether that is a change. Nothing is sent to Azure: the next plan adds what is missing.
    """
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before = row.declined_grants
        row.declined_grants = instance.declined_grants = []
        if not before:
            return False
        row.save(update_fields=["declined_grants"])
        record_change(row, "choose grants", who=who, before=before, after=[])
    return True


def choose_grants(instance: SignalRInstance, chosen: Mapping[str, bool], *, who: str) -> bool:
    """Set whether the identity of `instance` is to be granted access to vaults and record it.

    `chosen` holds the choice by the vault's name. Returns whether that is a change. Nothing is sent
    to Azure.
    """
    with transaction.atomic():
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
        holder = declared_state(row).identity.holder
        if holder is None:
            return False
        before = row.declined_grants
        kept = [pair for pair in before if pair[1] != holder or pair[0] not in chosen]
        declined = [[name, holder] for name, is_desired in chosen.items() if not is_desired]
        row.declined_grants = instance.declined_grants = sorted(kept + declined)
        if row.declined_grants == sorted(before):
            return False
        row.save(update_fields=["declined_grants"])
        record_change(row, "choose grants", who=who, before=before, after=row.declined_grants)
    return True


def grant_choices(instance: SignalRInstance) -> dict[str, bool]:
    """Return, by the name of each vault that templates name, whether its grant is desired."""
    state = declared_state(instance)
    holder = state.identity.holder
    if holder is None:
        return {}
    declined = {name for name, identity in instance.declined_grants if identity == holder}
    return {name: name not in declined for name in named_vaults(state.templates)}


def forget_obsolete_choices(instances: Sequence[SignalRInstance]) -> None:
    """Forget declined grants whose identity or reference is neither desired nor in Azure.

    Another identity, or the same reference added again later, gets its grant.
    """
    changed = []
    for instance in instances:
        states = [declared_state(instance)] if instance.declined_grants else []
        if states and instance.observed:
            states.append(InstanceState.from_json(instance.observed))
        holders = {state.identity.holder for state in states}
        names = named_vaults(template for state in states for template in state.templates)
        kept = [
            [name, identity]
            for name, identity in instance.declined_grants
            if name in names and identity in holders
        ]
        if kept != instance.declined_grants:
            instance.declined_grants = kept
            changed.append(instance)
    SignalRInstance.objects.bulk_update(changed, ["declined_grants"], batch_size=_BATCH)
