"""The grants component: which vaults' secrets the instance's identity may read.

Grants are only ever added. Other readers of a vault, and grants that no desired template needs, are
unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from arm.async_operations import LongRunning
from arm.errors import Forbidden, GrantForbidden, UnexpectedAnswer
from arm.instance_state import GrantState, InstanceState
from identities.models import KeyVault, SignalRInstance
from sync.components.component import Component, PlanOutdated, SharedRows, Write
from sync.components.vault_names import named_vaults, vaults_of
from sync.errors import NeverRead
from sync.planning.changes import Change
from sync.planning.step_order import Order
from sync.record_audit import record_change
from upstreams.models import Delivery
from upstreams.url_templates.patterns import first_match

if TYPE_CHECKING:
    from arm.vaults import VaultResource

# Source: "Authorize requests to Azure SignalR Service resources with Microsoft Entra managed
# identities", learn.microsoft.com. The service reads references again as often.
PROPAGATION_MINUTES: Final = 30
# The kinds of steps after which the service reads every Key Vault reference again.
_REFRESHING: Final = frozenset({"identity", "templates"})
# Deliveries looked at; the newest tell as much as all.
_SAMPLE: Final = 100
_BATCH: Final = 200

Grants = tuple[GrantState, ...]


class GrantsComponent(Component):
    """Grants the identity access to the vaults that templates name."""

    kind = "grants"

    def desired(
        self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows
    ) -> Grants:
        """Return the grants that the declared identity and templates need."""
        return needed_grants(instance, declared, rows.vaults)

    def complete(
        self,
        instance: SignalRInstance,
        observed: InstanceState,
        desired: InstanceState,
        selected: InstanceState,
    ) -> Grants:
        """Add the grants that the selected changes need; drop those of an identity left behind."""
        new = {*needed_grants(instance, selected)} - {*needed_grants(instance, observed)}
        holders = {selected.identity.holder, desired.identity.holder}
        kept = {each for each in (*selected.grants, *new) if each.identity in holders}
        return tuple(sorted(kept))

    def before_deletion(self, instance: SignalRInstance, value: Grants) -> Grants:
        """Leave grants out of a deletion, even if they change meanwhile."""
        return ()

    def require_known(
        self, instance: SignalRInstance, desired: InstanceState, rows: SharedRows
    ) -> None:
        """Raise NeverRead if a template names a vault that was never looked up."""
        names = named_vaults(desired.templates)
        if not names:
            return
        known = known_vaults(names) if rows.vaults is None else rows.vaults
        if unread := sorted(set(names) - known.keys()):
            raise NeverRead(
                f"{instance} references secrets of the vault {', '.join(unread)}, which Signalman "
                f"has not read yet. Run `manage.py drift {instance}`, then plan again."
            )

    def read_requests(self, value: Grants) -> int:
        """Return one request per grant."""
        return len(value)

    def copy_observed(
        self, observed_states: Sequence[tuple[SignalRInstance, InstanceState]]
    ) -> None:
        """Decline the grants that Azure lacks.

        Otherwise a plan straight after an import would grant access that was not requested.
        """
        changed = []
        for instance, state in observed_states:
            missing = _missing(state)
            if instance.declined_grants != missing:
                instance.declined_grants = missing
                changed.append(instance)
        SignalRInstance.objects.bulk_update(changed, ["declined_grants"], batch_size=_BATCH)

    def accept(
        self,
        instance: SignalRInstance,
        desired: InstanceState,
        accepted: InstanceState,
        *,
        who: str,
    ) -> None:
        """Decline the grants that the accepted state needs and does not have."""
        row = SignalRInstance.objects.get(pk=instance.pk)
        declined = {*needed_grants(row, accepted)} - {*accepted.grants}
        if declined:
            before = row.declined_grants
            row.declined_grants = before + sorted([each.vault, each.identity] for each in declined)
            row.save(update_fields=["declined_grants"])
            record_change(row, "decline grants", who=who, before=before, after=row.declined_grants)
        instance.declined_grants = row.declined_grants

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the grants that are added."""
        added = _added(before, after)
        return tuple(Change(_path(each), "create", None, asdict(each)) for each in added)

    def unit(self, path: str) -> str:
        """Return the path: each grant can be added without the others."""
        return path

    def take(
        self, before: InstanceState, after: InstanceState, paths: Collection[str]
    ) -> InstanceState:
        """Return `before` with the grants at these paths."""
        taken = {each for each in _added(before, after) if _path(each) in paths}
        return replace(before, grants=tuple(sorted({*before.grants, *taken})))

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return a place before a user-assigned identity, whose principal id is known, or after."""
        is_known = after.identity.user_assigned_id is not None
        return Order.BEFORE_IDENTITY if is_known else Order.AFTER_IDENTITY

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain the place."""
        if self.order(before, after) == Order.BEFORE_IDENTITY:
            return (
                "Before the identity, so that every secret stays readable. This is possible "
                "because a user-assigned identity already exists."
            )
        return (
            "After the identity, whose principal ID does not exist before, and before the "
            "templates that reference the secrets."
        )

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return whose secrets the identity may read."""
        added = _added(before, after)
        where = added[0].vault if len(added) == 1 else f"{len(added)} vaults"
        return f"Grant the identity access to the secrets of {where}"

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of the time that role assignments take."""
        slow = [each.vault for each in _added(before, after) if each.mechanism == "role_assignment"]
        if not slow:
            return ()
        message = (
            f"A role assignment can take up to {PROPAGATION_MINUTES} minutes to take effect. Until "
            f"then, the secrets of {', '.join(slow)} may not be readable."
        )
        return (message,)

    def problems(self, desired: InstanceState) -> tuple[str, ...]:
        """Refuse Key Vault references on an instance without an identity."""
        if desired.identity.type != "None":
            return ()
        return tuple(
            f"Upstream template {number} references a secret of {', '.join(sorted(vaults))}, but "
            "the desired state has no identity that can read it. Set an identity, or remove the "
            "reference."
            for number, template in enumerate(desired.templates, 1)
            if (vaults := vaults_of(template.url_template))
        )

    def relevant(self, found: Grants, desired: Grants) -> Grants:
        """Compare only the desired grants."""
        return tuple(grant for grant in found if grant in desired)

    def matches(self, found: Grants, planned: Grants) -> bool:
        """Return whether all planned grants are there."""
        return set(planned) <= set(found)

    def propagating(
        self, before: InstanceState, after: InstanceState, later: Collection[str]
    ) -> frozenset[str]:
        """Return the vaults whose secrets may not be readable yet.

        A role assignment takes time. An access policy does not, but the service reads a reference
        again only after a while, unless a later step makes it do so.
        """
        is_refreshed = bool(_REFRESHING & {*later})
        return frozenset(
            grant.vault
            for grant in _added(before, after)
            if grant.mechanism == "role_assignment" or not is_refreshed
        )

    def in_effect(
        self, instance: SignalRInstance, target: InstanceState, since: datetime
    ) -> frozenset[str]:
        """Return the vaults whose secrets the service has read: it delivered such events.

        Only Signalman's own receiver knows; a Function App does not report its requests.
        """
        accepted = Delivery.objects.filter(
            instance=instance, outcome="accepted", received_at__gt=since
        ).order_by("-received_at")
        events = accepted.values_list("hub", "category", "event")[:_SAMPLE]
        used = (first_match(target.templates, *event) for event in set(events))
        return frozenset(
            vault for template in used if template for vault in vaults_of(template.url_template)
        )

    def write(self, write: Write) -> LongRunning:
        """Add the missing grants vault by vault, so that an interrupted step can be repeated."""
        present = write.resource.state.grants
        for grant in (each for each in write.after.grants if each not in present):
            try:
                _grant(write, grant)
            except Forbidden as error:
                raise GrantForbidden(error.message, code=error.code, status=error.status) from error
            write.sent.append(grant.vault)
        return LongRunning(done=True)


def needed_grants(
    instance: SignalRInstance, state: InstanceState, vaults: Mapping[str, KeyVault] | None = None
) -> Grants:
    """Return the grants that `instance` needs with the identity and templates of `state`.

    Only of vaults that Signalman can read, and without those that were declined.
    """
    holder = state.identity.holder
    if holder is None:
        return ()
    names = named_vaults(state.templates)
    if not names:
        return ()
    if vaults is None:
        vaults = known_vaults(names)
    declined = {tuple(pair) for pair in instance.declined_grants}
    grants = {
        GrantState(vault.arm_id.lower(), holder, mechanism)
        for name in names
        if (vault := vaults.get(name)) and (mechanism := vault.mechanism)
        if (name, holder) not in declined
    }
    return tuple(sorted(grants))


def known_vaults(names: Iterable[str] | None = None) -> dict[str, KeyVault]:
    """Return the known vaults of these names, or all, by name."""
    rows = KeyVault.objects.all() if names is None else KeyVault.objects.named(names)
    return {row.name: row for row in rows}


def _missing(state: InstanceState) -> list[list[str]]:
    """Return, as `[vault, identity]`, the grants that the state needs and does not have."""
    holder = state.identity.holder
    if holder is None:
        return []
    held = {grant.vault for grant in state.grants if grant.identity == holder}
    return [[name, holder] for name in named_vaults(state.templates) if name not in held]


def _added(before: InstanceState, after: InstanceState) -> Grants:
    return tuple(grant for grant in after.grants if grant not in before.grants)


def _path(grant: GrantState) -> str:
    return f"grants[{grant.vault}]"


def _grant(write: Write, grant: GrantState) -> None:
    client = write.client_of(grant.vault_id)
    principal_id = _principal(write, grant)
    vault = client.vaults.get(grant.vault_id)
    _require_mechanism(vault, grant)
    correlation = write.correlation_id
    if vault.uses_rbac:
        client.roles.let_read_secrets(vault.arm_id, principal_id, correlation_id=correlation)
    else:
        client.vaults.let_read_secrets(vault, principal_id, correlation_id=correlation)


def _require_mechanism(vault: VaultResource, grant: GrantState) -> None:
    if vault.uses_rbac != (grant.mechanism == "role_assignment"):
        raise PlanOutdated(
            f"The permission model of the vault {vault.name} changed after the plan was created. "
            "Review the new plan, then apply it."
        )


def _principal(write: Write, grant: GrantState) -> UUID:
    """Return the principal id of the identity that is granted access, as Azure has it now."""
    if grant.identity == "SystemAssigned":
        principal_id = write.resource.principal_id
    else:
        client = write.client_of(grant.identity)
        principal_id = client.get_user_assigned_identity(grant.identity).principal_id
    if principal_id is None:
        raise UnexpectedAnswer(f"The identity {grant.identity} has no principal ID.")
    return principal_id
