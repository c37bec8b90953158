"""Writing down which vaults instances name and who may read them, as Azure answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from arm.state import InstanceState
from identities.models import KeyVault, SignalRInstance, VaultGrant
from sync.audit import record_change
from sync.desired.state import desired_state, known_vaults, row_state
from sync.inventory.vault_reader import Held, VaultReader
from sync.planning.components.grants import PROPAGATION_MINUTES
from sync.planning.components.vault_names import named_vaults

_LEARNT: Final = ("arm_id", "vault_uri", "tenant_id", "uses_rbac", "problem", "observed_at")
_OBSERVED: Final = ("mechanism", "granted_at", "acts_from", "observed_at")


def save_vaults(reader: VaultReader, *, at: datetime) -> dict[str, KeyVault]:
    """Write down the vaults that the reader was asked for, and return their rows by name."""
    rows = [_vault(reader, name, at) for name in sorted(reader.asked)]
    KeyVault.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=_LEARNT
    )
    return known_vaults(reader.asked)


def save_grants(
    held: Mapping[SignalRInstance, Sequence[Held]], vaults: Mapping[str, KeyVault], *, at: datetime
) -> None:
    """Write down the grants of these instances: those that Azure has no more are dropped."""
    rows = [
        VaultGrant(
            instance=instance,
            vault=vaults[each.vault.name.lower()],
            principal_id=each.principal_id,
            mechanism=each.mechanism,
            granted_at=each.granted_at,
            acts_from=_acts_from(each),
            observed_at=at,
        )
        for instance, all_held in held.items()
        for each in all_held
    ]
    VaultGrant.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["instance", "vault", "principal_id"],
        update_fields=_OBSERVED,
    )
    VaultGrant.objects.filter(instance__in=list(held), observed_at__lt=at).delete()
    _forget_obsolete(list(held))


def take_over(adoptions: Sequence[tuple[SignalRInstance, InstanceState]]) -> None:
    """Want the grants that Azure has, and none that it lacks, of instances as Azure has them.

    Otherwise a plan straight after an import would write to vaults that nobody asked to open.
    """
    changed = []
    for instance, state in adoptions:
        lacking = _lacking(state)
        if instance.ungranted != lacking:
            instance.ungranted = lacking
            changed.append(instance)
    SignalRInstance.objects.bulk_update(changed, ["ungranted"], batch_size=200)


def take_over_lacking(instance: SignalRInstance, wanted: InstanceState, *, who: str) -> None:
    """Want none of the grants that the rows of `instance` need and `wanted` does without.

    On record; call it inside a transaction.
    """
    row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    lacking = {*desired_state(row).grants} - {*wanted.grants}
    if lacking:
        before = row.ungranted
        row.ungranted = before + sorted([grant.vault, grant.identity] for grant in lacking)
        row.save(update_fields=["ungranted"])
        record_change(row, "want no grants", who=who, before=before, after=row.ungranted)
    instance.ungranted = row.ungranted


def want_grants(instance: SignalRInstance, *, who: str) -> bool:
    """Want every grant that the references of `instance` need, on record.

    Returns whether one is wanted now that was not. Nothing is sent to Azure: the next plan adds
    what is missing.
    """
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before = row.ungranted
        row.ungranted = instance.ungranted = []
        if not before:
            return False
        row.save(update_fields=["ungranted"])
        record_change(row, "want grants", who=who, before=before, after=[])
    return True


def choose_grants(instance: SignalRInstance, chosen: Mapping[str, bool], *, who: str) -> bool:
    """Want the identity of `instance` let into these vaults, or not, each by name, on record.

    Returns whether that is news. Nothing is sent to Azure.
    """
    with transaction.atomic():
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
        holder = row_state(row).identity.holder
        if holder is None:
            return False
        before = row.ungranted
        kept = [pair for pair in before if pair[1] != holder or pair[0] not in chosen]
        declined = [[name, holder] for name, is_wanted in chosen.items() if not is_wanted]
        row.ungranted = instance.ungranted = sorted(kept + declined)
        if row.ungranted == sorted(before):
            return False
        row.save(update_fields=["ungranted"])
        record_change(row, "want grants", who=who, before=before, after=row.ungranted)
    return True


def _forget_obsolete(instances: Sequence[SignalRInstance]) -> None:
    """Forget what was taken over for an identity or a reference that is neither wanted nor there.

    Another identity, or the same reference anew, is somebody's wish and gets its grant.
    """
    changed = []
    for instance in instances:
        states = [row_state(instance)] if instance.ungranted else []
        if states and instance.observed:
            states.append(InstanceState.from_json(instance.observed))
        holders = {state.identity.holder for state in states}
        names = named_vaults(template for state in states for template in state.templates)
        kept = [[name, who] for name, who in instance.ungranted if name in names and who in holders]
        if kept != instance.ungranted:
            instance.ungranted = kept
            changed.append(instance)
    SignalRInstance.objects.bulk_update(changed, ["ungranted"], batch_size=200)


def _lacking(state: InstanceState) -> list[list[str]]:
    holder = state.identity.holder
    if holder is None:
        return []
    held = {grant.vault for grant in state.grants if grant.identity == holder}
    return [[name, holder] for name in named_vaults(state.templates) if name not in held]


def _vault(reader: VaultReader, name: str, at: datetime) -> KeyVault:
    row = KeyVault(name=name, problem=reader.problems.get(name, ""), observed_at=at)
    if answer := reader.found.get(name):
        row.arm_id, row.vault_uri = answer.arm_id, answer.vault_uri
        row.tenant_id, row.uses_rbac = answer.tenant_id, answer.uses_rbac
    return row


def _acts_from(held: Held) -> datetime | None:
    if held.granted_at is None:
        return None
    return held.granted_at + timedelta(minutes=PROPAGATION_MINUTES)
