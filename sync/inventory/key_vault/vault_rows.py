"""Storing the vaults that instances name and who may read them, as Azure answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from identities.models import KeyVault, SignalRInstance, VaultGrant
from sync.components.grants import PROPAGATION_MINUTES, known_vaults
from sync.desired.grant_choices import forget_obsolete_choices
from sync.inventory.key_vault.grant_reader import ObservedGrant, VaultReader

_LEARNT: Final = (
    *("arm_id", "vault_uri", "tenant_id", "uses_rbac", "network", "problem", "observed_at"),
)
_OBSERVED: Final = ("mechanism", "granted_at", "acts_from", "observed_at")


def save_vaults(reader: VaultReader, *, at: datetime) -> dict[str, KeyVault]:
    """Store the vaults that were requested from the reader, and return their rows by name."""
    rows = [_vault(reader, name, at) for name in sorted(reader.asked)]
    KeyVault.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=_LEARNT
    )
    return known_vaults(reader.asked)


def save_grants(
    grants: Mapping[SignalRInstance, Sequence[ObservedGrant]],
    vaults: Mapping[str, KeyVault],
    *,
    at: datetime,
) -> None:
    """Store the grants of these instances, and delete those that Azure no longer has."""
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
        for instance, observed in grants.items()
        for each in observed
    ]
    VaultGrant.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["instance", "vault", "principal_id"],
        update_fields=_OBSERVED,
    )
    VaultGrant.objects.filter(instance__in=list(grants), observed_at__lt=at).delete()
    forget_obsolete_choices(list(grants))


def _vault(reader: VaultReader, name: str, at: datetime) -> KeyVault:
    row = KeyVault(name=name, problem=reader.problems.get(name, ""), observed_at=at)
    if answer := reader.found.get(name):
        row.arm_id, row.vault_uri = answer.arm_id, answer.vault_uri
        row.tenant_id, row.uses_rbac = answer.tenant_id, answer.uses_rbac
        row.network = answer.network.to_json()
    return row


def _acts_from(grant: ObservedGrant) -> datetime | None:
    if grant.granted_at is None:
        return None
    return grant.granted_at + timedelta(minutes=PROPAGATION_MINUTES)
