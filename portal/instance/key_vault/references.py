"""The Key Vault references of an instance, with the state of vaults, secrets and grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from arm.instance_state import InstanceState, TemplateState
from identities.models import KeyVault, SignalRInstance, VaultGrant, VaultSecret
from sync.components.grants import known_vaults
from sync.desired.state import desired_state, observed_state
from upstreams.url_templates.key_vault_references import (
    KeyVaultReference,
    ReferenceProblem,
    readable_references,
    references,
)


@dataclass(frozen=True, slots=True)
class ReferencedSecret:
    """A referenced secret. `numbers` are those of the desired templates that reference it."""

    reference: KeyVaultReference
    numbers: tuple[int, ...]
    row: VaultSecret | None

    @property
    def state(self) -> str:
        """The state of the secret as of the last check."""
        return self.row.get_state_display() if self.row else "Not checked yet"

    @property
    def checked_at(self) -> datetime | None:
        """When the secret was last checked."""
        return self.row.checked_at if self.row else None


@dataclass(frozen=True, slots=True)
class ReferencedVault:
    """A key vault whose secrets templates reference, and whether the identity may read them.

    `grant` is the one that exists in Azure for the current identity, `grant_status` its status as
    text, and `is_propagating` whether it may not be in effect yet. `is_desired` tells whether the
    desired state has a grant, `is_planned` whether the plan creates it.
    """

    name: str
    row: KeyVault | None
    secrets: tuple[ReferencedSecret, ...]
    grant: VaultGrant | None
    grant_status: str
    is_propagating: bool
    is_desired: bool
    is_planned: bool


@dataclass(frozen=True, slots=True)
class MalformedReference:
    """A template with a reference that the service cannot resolve."""

    number: int
    message: str


def malformed_references(templates: Sequence[TemplateState]) -> Iterator[MalformedReference]:
    """Return the templates whose references are not written correctly."""
    for number, template in enumerate(templates, 1):
        try:
            references(template.url_template)
        except ReferenceProblem as problem:
            yield MalformedReference(number, str(problem))


def referenced_vaults(instance: SignalRInstance, now: datetime) -> list[ReferencedVault]:
    """Return the vaults that desired or observed templates reference, sorted by name."""
    desired, observed = desired_state(instance), observed_state(instance) or InstanceState()
    found = _references(desired, observed)
    if not found:
        return []
    rows = known_vaults(found)
    grants = {grant.vault.name: grant for grant in _grants(instance)}
    secrets = {
        (row.vault.name, row.name): row
        for row in VaultSecret.objects.filter(vault__name__in=found).select_related("vault")
    }
    planned = {grant.vault for grant in {*desired.grants} - {*observed.grants}}
    desired_vaults = {grant.vault for grant in desired.grants}
    return [
        ReferencedVault(
            name=name,
            row=rows.get(name),
            secrets=tuple(
                ReferencedSecret(each, tuple(numbers), secrets.get((name, each.secret.lower())))
                for each, numbers in sorted(of_vault.items(), key=lambda pair: pair[0].text)
            ),
            grant=grants.get(name),
            grant_status=grants[name].status(now) if name in grants else "",
            is_propagating=name in grants and grants[name].is_propagating(now),
            is_desired=name in desired_vaults,
            is_planned=name in planned,
        )
        for name, of_vault in sorted(found.items())
    ]


def _references(
    desired: InstanceState, observed: InstanceState
) -> dict[str, dict[KeyVaultReference, list[int]]]:
    """Return the references of each vault with the numbers of the desired templates."""
    found: defaultdict[str, dict[KeyVaultReference, list[int]]] = defaultdict(dict)
    for number, reference in (*_numbered(desired.templates), *_numbered(observed.templates, 0)):
        numbers = found[reference.vault].setdefault(reference, [])
        if number and number not in numbers:
            numbers.append(number)
    return found


def _numbered(
    templates: Iterable[TemplateState], only: int | None = None
) -> Iterator[tuple[int, KeyVaultReference]]:
    for number, template in enumerate(templates, 1):
        for reference in readable_references(template.url_template):
            yield (number if only is None else only), reference


def _grants(instance: SignalRInstance) -> Iterable[VaultGrant]:
    principal_id = instance.identity.principal_id
    if principal_id is None:
        return ()
    return instance.vault_grants.filter(principal_id=principal_id).select_related("vault")
