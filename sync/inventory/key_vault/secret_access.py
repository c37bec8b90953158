"""Which secrets URL templates name, and whether the identity may read them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from identities.models import SignalRInstance, VaultGrant, VaultSecret
from sync.inventory.key_vault.secrets import references_of


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """One Key Vault reference of an instance, and what Azure last returned about it."""

    instance: str
    vault: str
    secret: str
    grant: str
    state: str


def named_secrets(instance: SignalRInstance) -> list[NamedSecret]:
    """Return the references of the instance's templates, desired and observed, sorted by name."""
    references = sorted(references_of(instance), key=lambda each: (each.vault, each.secret))
    if not references:
        return []
    grants = {
        grant.vault.name: grant
        for grant in instance.vault_grants.select_related("vault")
        if grant.principal_id == instance.identity.principal_id
    }
    vaults = [each.vault for each in references]
    secrets = {
        (row.vault.name, row.name): row.get_state_display()
        for row in VaultSecret.objects.filter(vault__name__in=vaults).select_related("vault")
    }
    return [
        NamedSecret(
            instance=str(instance),
            vault=each.vault,
            secret=each.secret,
            grant=_grant_text(grants.get(each.vault)),
            state=secrets.get((each.vault, each.secret.lower()), "Not checked yet"),
        )
        for each in references
    ]


def _grant_text(grant: VaultGrant | None) -> str:
    if grant is None:
        return "None known"
    return f"{grant.get_mechanism_display()}: {grant.status(timezone.now())}"
