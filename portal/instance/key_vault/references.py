"""How an instance's Key Vault references stand: the vaults, the secrets and the grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from arm.state import InstanceState, TemplateState
from identities.models import KeyVault, SignalRInstance, VaultGrant, VaultSecret
from sync.desired.state import desired_state, known_vaults, observed_state
from upstreams.key_vault_references import (
    KeyVaultReference,
    ReferenceProblem,
    readable_references,
    references,
)


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """A secret that templates name. `numbers` are those of the wanted ones, which may be none."""

    reference: KeyVaultReference
    numbers: tuple[int, ...]
    row: VaultSecret | None

    @property
    def state(self) -> str:
        """Whether it is there."""
        return self.row.get_state_display() if self.row else "Not looked for yet"

    @property
    def checked_at(self) -> datetime | None:
        """When somebody looked."""
        return self.row.checked_at if self.row else None


@dataclass(frozen=True, slots=True)
class NamedVault:
    """A vault whose secrets templates name, and whether the identity may read it.

    `grant` is the one that Azure has for the present identity, `standing` how far it acts.
    `is_wanted` says that what is wanted asks for a grant, `is_planned` that the plan makes it.
    """

    name: str
    row: KeyVault | None
    secrets: tuple[NamedSecret, ...]
    grant: VaultGrant | None
    standing: str
    is_wanted: bool
    is_planned: bool

    @property
    def is_propagating(self) -> bool:
        """Whether the grant is there and is waited for."""
        return self.standing.startswith("waiting")


@dataclass(frozen=True, slots=True)
class Malformed:
    """A wanted template whose reference Azure cannot read."""

    number: int
    sentence: str


def malformed(templates: Sequence[TemplateState]) -> Iterator[Malformed]:
    """Return the references that are not written as Azure reads them."""
    for number, template in enumerate(templates, 1):
        try:
            references(template.url_template)
        except ReferenceProblem as problem:
            yield Malformed(number, str(problem))


def named_vaults(instance: SignalRInstance, now: datetime) -> list[NamedVault]:
    """Return the vaults that the templates name, wanted or in Azure, by their names."""
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
    wanted = {grant.vault for grant in desired.grants}
    return [
        NamedVault(
            name=name,
            row=rows.get(name),
            secrets=tuple(
                NamedSecret(each, tuple(numbers), secrets.get((name, each.secret.lower())))
                for each, numbers in sorted(of_vault.items(), key=lambda pair: pair[0].text)
            ),
            grant=grants.get(name),
            standing=grants[name].standing(now) if name in grants else "",
            is_wanted=name in wanted,
            is_planned=name in planned,
        )
        for name, of_vault in sorted(found.items())
    ]


def _references(
    desired: InstanceState, observed: InstanceState
) -> dict[str, dict[KeyVaultReference, list[int]]]:
    """Return by vault each reference with the numbers of the wanted templates that hold it."""
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
