"""Reading from Azure the vaults and grants that instances' references need."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from arm.errors import ArmError
from arm.instance_state import GrantMechanism, GrantState
from arm.resources import SignalRResource
from arm.role_assignments import RoleAssignment
from arm.vaults import VaultResource
from identities.models import KeyVault, SignalRInstance, Subscription, UserAssignedIdentity
from sync.azure_client import arm_client
from sync.components.vault_names import named_vaults
from sync.desired.state import declared_state

log = logging.getLogger(__name__)

_NOT_FOUND: Final = (
    "Signalman found no vault of this name in the subscriptions that it knows, or may not read it. "
    "Ask its owner to grant the identity access, or assign the role Reader on it to Signalman."
)


@dataclass(frozen=True, slots=True)
class ObservedGrant:
    """A principal's permission to read a vault's secrets; `identity` as in GrantState."""

    vault: VaultResource
    identity: str
    principal_id: UUID
    granted_at: datetime | None

    @property
    def state(self) -> GrantState:
        """The grant as a part of an instance's state."""
        return GrantState(self.vault.arm_id.lower(), self.identity, self.mechanism)

    @property
    def mechanism(self) -> GrantMechanism:
        """The vault's permission model."""
        return "role_assignment" if self.vault.uses_rbac else "access_policy"


@dataclass(frozen=True, slots=True)
class GrantQuery:
    """A query for the grants of an instance's identities on vaults.

    `vaults` are names. `holders` are the principal ids of the observed and the desired identity,
    by their names in GrantState.
    """

    vaults: tuple[str, ...] = ()
    holders: Mapping[str, UUID] = field(default_factory=dict)


def grant_query(
    resource: SignalRResource,
    principal_id: UUID | None,
    row: SignalRInstance | None,
    grants: Collection[GrantState] = (),
) -> GrantQuery:
    """Return the query for an instance, from Azure's answer and from its row, if it has one.

    Empty if no template names a secret and no further `grants` are given.
    """
    desired = declared_state(row) if row else resource.state
    named = named_vaults([*resource.state.templates, *desired.templates])
    vaults = sorted({*named, *(grant.vault for grant in grants)})
    if not vaults:
        return GrantQuery()
    holders = _principals({grant.identity for grant in grants})
    if row and (assigned := row.identity.user_assigned) and assigned.principal_id:
        holders[assigned.arm_id.lower()] = assigned.principal_id
    if (present := resource.state.identity.holder) and principal_id:
        holders[present] = principal_id
    return GrantQuery(tuple(vaults), holders)


def _principals(holders: Iterable[str]) -> dict[str, UUID]:
    """Return the principal ids of user-assigned identities, as far as they are known."""
    arm_ids = [holder for holder in holders if holder != "SystemAssigned"]
    rows = UserAssignedIdentity.objects.by_arm_id(arm_ids) if arm_ids else {}
    return {key: row.principal_id for key, row in rows.items() if row.principal_id}


class VaultReader:
    """Reads vaults and grants for any number of instances, each at most once.

    Searches the subscriptions that Signalman knows. `asked` holds the requested names, `found`
    Azure's answers and `problems` why the readers of a vault are not known, each by the vault's
    name.
    """

    def __init__(self, subscription_id: UUID) -> None:
        self.asked: set[str] = set()
        self.found: dict[str, VaultResource] = {}
        self.problems: dict[str, str] = {}
        self._home = subscription_id
        self._listed: set[UUID] = set()
        self._roles: dict[tuple[str, UUID], RoleAssignment | None] = {}

    def look_for(self, names: Iterable[str]) -> None:
        """Find the vaults of these names. Raises a transient ArmError."""
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

    def grants(self, query: GrantQuery) -> list[ObservedGrant]:
        """Return the grants that the query is for. Raises a transient ArmError."""
        self.look_for(query.vaults)
        vaults = [self.found[name] for name in query.vaults if name in self.found]
        pairs = [(vault, *holder) for vault in vaults for holder in query.holders.items()]
        found = [self._grant(vault, identity, principal) for vault, identity, principal in pairs]
        return [grant for grant in found if grant]

    def _grant(
        self, vault: VaultResource, identity: str, principal_id: UUID
    ) -> ObservedGrant | None:
        if not vault.uses_rbac:
            is_reader = principal_id in vault.readers
            return ObservedGrant(vault, identity, principal_id, None) if is_reader else None
        assignment = self._assignment(vault, principal_id)
        if assignment is None:
            return None
        return ObservedGrant(vault, identity, principal_id, assignment.created_at)

    def _assignment(self, vault: VaultResource, principal_id: UUID) -> RoleAssignment | None:
        key = (vault.arm_id, principal_id)
        if key not in self._roles:
            try:
                roles = arm_client(vault.arm_id.split("/")[2]).roles
                self._roles[key] = roles.secret_reading(vault.arm_id, principal_id)
            except ArmError as error:
                _raise_if_transient(error)
                self._roles[key] = None
                self.problems[vault.name.lower()] = (
                    f"Its role assignments could not be read. {error}"
                )
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
            _raise_if_transient(error)
            log.warning("The vaults of %s could not be read. %s", subscription_id, error)
            return
        self.found |= {vault.name.lower(): vault for vault in vaults}

    def _get_known(self, name: str) -> None:
        """Read one vault by its last known ARM id, which takes one request instead of a list."""
        row = KeyVault.objects.named([name]).exclude(arm_id="").first()
        if row is None:
            return
        try:
            self.found[name] = arm_client(row.subscription_id).vaults.get(row.arm_id)
        except ArmError as error:
            _raise_if_transient(error)


def with_grants(resource: SignalRResource, grants: Sequence[ObservedGrant]) -> SignalRResource:
    """Return the instance with its grants, which its own answer does not contain."""
    states = tuple(sorted({each.state for each in grants}))
    return replace(resource, state=replace(resource.state, grants=states))


def _raise_if_transient(error: ArmError) -> None:
    """Raise a transient error; a permanent one is a result."""
    if error.is_transient:
        raise error
