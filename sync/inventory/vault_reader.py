"""Reading vaults and grants from Azure: what an instance's references need, and no more."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from arm.errors import ArmError
from arm.resources import SignalRResource
from arm.roles import RoleAssignment
from arm.state import GrantMechanism, GrantState
from arm.vaults import VaultResource
from identities.models import KeyVault, SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.desired.state import row_state
from sync.inventory.user_assigned_identities import known_identities
from sync.planning.components.vault_names import named_vaults

log = logging.getLogger(__name__)

_NOT_FOUND: Final = (
    "No vault of this name is in the subscriptions that Signalman knows, or its credential may not "
    "read it. Let its owner grant the identity access, or give Signalman the role Reader on it."
)


@dataclass(frozen=True, slots=True)
class Held:
    """That a principal may read a vault's secrets; `identity` as in GrantState."""

    vault: VaultResource
    identity: str
    principal_id: UUID
    granted_at: datetime | None

    @property
    def state(self) -> GrantState:
        """Return it as a part of an instance's state."""
        return GrantState(self.vault.arm_id.lower(), self.identity, self.mechanism)

    @property
    def mechanism(self) -> GrantMechanism:
        """How the vault lets in."""
        return "role_assignment" if self.vault.uses_rbac else "access_policy"


@dataclass(frozen=True, slots=True)
class Question:
    """Who of an instance's identities may read which vaults.

    `vaults` are names; `holders` the principals of the identity that Azure has and of the one that
    is wanted, by their names in GrantState.
    """

    vaults: tuple[str, ...] = ()
    holders: Mapping[str, UUID] = field(default_factory=dict)


def question(
    resource: SignalRResource,
    principal_id: UUID | None,
    row: SignalRInstance | None,
    grants: Collection[GrantState] = (),
) -> Question:
    """Return what to ask about an instance, from Azure's answer and from its row, if it has one.

    Nothing where no template names a secret, and none of these `grants` is asked after.
    """
    wanted = row_state(row) if row else resource.state
    named = named_vaults([*resource.state.templates, *wanted.templates])
    vaults = sorted({*named, *(grant.vault for grant in grants)})
    if not vaults:
        return Question()
    holders = _principals({grant.identity for grant in grants})
    if row and (borrowed := row.identity.user_assigned) and borrowed.principal_id:
        holders[borrowed.arm_id.lower()] = borrowed.principal_id
    if (present := resource.state.identity.holder) and principal_id:
        holders[present] = principal_id
    return Question(tuple(vaults), holders)


def _principals(holders: Iterable[str]) -> dict[str, UUID]:
    """Return the principals of those that are user-assigned, as far as they are known."""
    arm_ids = [holder for holder in holders if holder != "SystemAssigned"]
    rows = known_identities(arm_ids) if arm_ids else {}
    return {key: row.principal_id for key, row in rows.items() if row.principal_id}


class VaultReader:
    """Reads for any number of instances, and each thing once.

    A vault is looked for in the subscriptions that Signalman knows. `asked` are the names of those
    that were needed; `found` what Azure answered; `problems` says why who may read a vault is not
    known. All go by the vault's name.
    """

    def __init__(self, subscription_id: UUID) -> None:
        self.asked: set[str] = set()
        self.found: dict[str, VaultResource] = {}
        self.problems: dict[str, str] = {}
        self._home = subscription_id
        self._listed: set[UUID] = set()
        self._roles: dict[tuple[str, UUID], RoleAssignment | None] = {}

    def look_for(self, names: Iterable[str]) -> None:
        """Find the vaults of these names. Raises an ArmError that may pass."""
        self.asked.update(names)
        missing = self.asked - self.found.keys() - self.problems.keys()
        if len(missing) == 1:
            self._get_known(*missing)
            missing -= self.found.keys()
        for subscription_id in self._subscriptions() if missing else ():
            self._list(subscription_id)
            if not (missing := missing - self.found.keys()):
                return
        self.problems |= dict.fromkeys(missing, _NOT_FOUND)

    def held(self, asked: Question) -> list[Held]:
        """Return the grants that the question asks after. Raises an ArmError that may pass."""
        self.look_for(asked.vaults)
        vaults = [self.found[name] for name in asked.vaults if name in self.found]
        pairs = [(vault, *holder) for vault in vaults for holder in asked.holders.items()]
        found = [self._held(vault, identity, principal) for vault, identity, principal in pairs]
        return [held for held in found if held]

    def _held(self, vault: VaultResource, identity: str, principal_id: UUID) -> Held | None:
        if not vault.uses_rbac:
            may = principal_id in vault.readers
            return Held(vault, identity, principal_id, granted_at=None) if may else None
        assignment = self._assignment(vault, principal_id)
        if assignment is None:
            return None
        return Held(vault, identity, principal_id, granted_at=assignment.created_at)

    def _assignment(self, vault: VaultResource, principal_id: UUID) -> RoleAssignment | None:
        key = (vault.arm_id, principal_id)
        if key not in self._roles:
            try:
                roles = arm_client(vault.arm_id.split("/")[2]).roles
                self._roles[key] = roles.secret_reading(vault.arm_id, principal_id)
            except ArmError as error:
                _pass_on(error)
                self._roles[key] = None
                self.problems[vault.name.lower()] = f"Its role assignments were not read. {error}"
        return self._roles[key]

    def _subscriptions(self) -> list[UUID]:
        known = Subscription.objects.values_list("pk", flat=True)
        every = [self._home, *(each for each in known if each != self._home)]
        return [each for each in every if each not in self._listed]

    def _list(self, subscription_id: UUID) -> None:
        self._listed.add(subscription_id)
        try:
            vaults = list(arm_client(subscription_id).vaults.list())
        except ArmError as error:
            _pass_on(error)
            log.warning("The vaults of %s were not read. %s", subscription_id, error)
            return
        self.found |= {vault.name.lower(): vault for vault in vaults}

    def _get_known(self, name: str) -> None:
        """Read one vault where it was last time: cheaper than a list."""
        row = KeyVault.objects.named([name]).exclude(arm_id="").first()
        if row is None:
            return
        try:
            self.found[name] = arm_client(row.subscription_id).vaults.get(row.arm_id)
        except ArmError as error:
            _pass_on(error)


def with_grants(resource: SignalRResource, held: Sequence[Held]) -> SignalRResource:
    """Return the instance with what its own answer does not say: who may read which vault."""
    grants = tuple(sorted({each.state for each in held}))
    return replace(resource, state=replace(resource.state, grants=grants))


def _pass_on(error: ArmError) -> None:
    """Raise what may pass: only a lasting refusal is an answer."""
    if error.is_transient:
        raise error
