"""The identity component: the one managed identity of an instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from arm.instance_state import IdentityState, InstanceState
from arm.request_bodies import identity_patch
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from sync.components.component import Component, SharedRows, Write
from sync.components.vault_names import named_vaults
from sync.planning.changes import KNOWN_AFTER_APPLY, Change, field_changes
from sync.planning.step_order import Order

if TYPE_CHECKING:
    from arm.async_operations import LongRunning

_BATCH: Final = 500


class IdentityComponent(Component):
    """Gives an instance an identity, switches it to another one, or removes it."""

    kind = "identity"
    is_declared = True

    def desired(
        self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows
    ) -> IdentityState:
        """Return the identity in the instance's row."""
        return rows.identity_of(instance)

    def copy_observed(
        self, observed_states: Sequence[tuple[SignalRInstance, InstanceState]]
    ) -> None:
        """Write the identities into the instances' rows.

        Raises KeyError for a user-assigned identity that has no row.
        """
        arm_ids = {state.identity.user_assigned_id for _, state in observed_states} - {None}
        rows = UserAssignedIdentity.objects.by_arm_id(filter(None, arm_ids)) if arm_ids else {}
        for instance, state in observed_states:
            arm_id = state.identity.user_assigned_id
            instance.identity.type = state.identity.type
            instance.identity.user_assigned = rows[arm_id] if arm_id else None
        # As `bulk_update`, without its CASE expression of every row, which takes several times as
        # long.
        ManagedIdentity.objects.bulk_create(
            [instance.identity for instance, _ in observed_states],
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=["type", "user_assigned"],
        )

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the differences of the two identities."""
        return identity_changes(before.identity, after.identity)

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return a place before what uses the identity, or last if it is removed."""
        return Order.REMOVE_IDENTITY if after.identity.type == "None" else Order.IDENTITY

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain the place."""
        if after.identity.type == "None":
            return "Last, when no template and no grant uses the identity."
        return "Before the grants and the templates that use the identity."

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return which identity is set."""
        if after.identity.type == "None":
            return "Remove the identity"
        verb = "Assign" if before.identity.type == "None" else "Switch to"
        arm_id = after.identity.user_assigned_id
        if arm_id is None:
            article = "a" if before.identity.type == "None" else "the"
            return f"{verb} {article} system-assigned identity"
        return f"{verb} the user-assigned identity {arm_id.rsplit('/', 1)[-1]}"

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of what refers to the principal id that goes away."""
        if before.identity.type == "None":
            return ()
        lost = "Roles, vault grants and receivers that use the current principal ID stop working"
        if after.identity.type == "None":
            return (f"{lost}.",)
        return (f"{lost} until they use the new one.", *_unreadable(after))

    def losses(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Return the identity, if it is removed."""
        if before.identity.type == "None" or after.identity.type != "None":
            return ()
        if before.identity.type == "SystemAssigned":
            return ("The system-assigned identity and its principal ID are deleted permanently.",)
        return ("The user-assigned identity is removed from the instance.",)

    def write(self, write: Write) -> LongRunning:
        """PATCH the identity."""
        return write.client.patch_instance(
            write.resource.resource_group,
            write.resource.name,
            identity_patch(write.after.identity),
            correlation_id=write.correlation_id,
        )


def identity_changes(before: IdentityState, after: IdentityState) -> tuple[Change, ...]:
    """Return the changes from one identity to the other."""
    if before == after:
        return ()
    if before.type == "None":
        return (Change("identity", "create", None, _expected(after)),)
    if after.type == "None":
        return (Change("identity", "delete", _fields(before), None),)
    return tuple(field_changes("identity", _fields(before), _expected(after)))


def _fields(identity: IdentityState) -> dict[str, Any]:
    return {field: value for field, value in asdict(identity).items() if value is not None}


def _expected(identity: IdentityState) -> dict[str, Any]:
    """Return the identity's fields, with a placeholder for a principal id that Azure creates."""
    if identity.type != "SystemAssigned":
        return _fields(identity)
    return {**_fields(identity), "principal_id": KNOWN_AFTER_APPLY}


def _unreadable(state: InstanceState) -> Iterator[str]:
    """Yield a warning for secrets that the new identity may not read yet."""
    granted = {grant.vault for grant in state.grants}
    missing = [vault for vault in named_vaults(state.templates) if vault not in granted]
    if missing:
        yield (
            f"Requests of templates that reference secrets of {', '.join(missing)} fail from this "
            "step on, until the new identity may read the secrets."
        )
