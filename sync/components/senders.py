"""The senders component: which principals may send messages through the instance.

Role assignments are only ever added, at the scope of the instance. A role that is held through a
group or above the instance is enough; assignments that Signalman did not add are unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from arm.async_operations import LongRunning
from arm.errors import Forbidden, SenderForbidden
from arm.instance_state import InstanceState
from arm.role_assignments import REST_API_OWNER, SENDING_ROLES
from identities.models import SignalRInstance
from sync.components.component import Component, SharedRows, Write
from sync.planning.changes import Change
from sync.planning.step_order import Order
from sync.record_audit import record_change

if TYPE_CHECKING:
    from arm.client import ArmClient

# Source: "Authorize access with Microsoft Entra ID for Azure SignalR Service".
_PROPAGATION_MINUTES: Final = 30
_KIND: Final = "senders"
_ROLE: Final = SENDING_ROLES[REST_API_OWNER]

# JSON values: each `[principal ID, principal type]`, sorted.
Senders = list[list[str]] | None


@dataclass(frozen=True, slots=True, order=True)
class Sender:
    """A principal that may send: its object ID, and what it is to a role assignment."""

    principal_id: str
    principal_type: str = "ServicePrincipal"


class SendersComponent(Component):
    """Assigns the role SignalR REST API Owner to the desired senders that may not send yet."""

    kind = _KIND

    def desired(
        self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows
    ) -> Senders:
        """Return the desired senders."""
        return sorted(instance.desired_senders or ()) or None

    def observed(
        self, instance: SignalRInstance, state: InstanceState, rows: SharedRows
    ) -> Senders:
        """Return those of the desired senders that may send, as last read."""
        return None if state.is_absent else sorted(instance.observed_senders or ()) or None

    def before_deletion(self, instance: SignalRInstance, value: Senders) -> Senders:
        """Leave senders out of a deletion: their assignments are deleted with the instance."""
        return None

    def read_requests(self, value: Senders) -> int:
        """Return one request per sender."""
        return len(value or ())

    def accept(
        self,
        instance: SignalRInstance,
        desired: InstanceState,
        accepted: InstanceState,
        *,
        who: str,
    ) -> None:
        """Drop the desired senders that may not send and are accepted so."""
        row = SignalRInstance.objects.get(pk=instance.pk)
        left = self.value(accepted) or ()
        kept = [each for each in row.desired_senders or () if each in left] or None
        if kept != row.desired_senders:
            before, row.desired_senders = row.desired_senders, kept
            row.save(update_fields=["desired_senders"])
            record_change(row, "drop senders", who=who, before=before, after=kept)
        instance.desired_senders = row.desired_senders

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the senders that are added."""
        return tuple(
            Change(_path(each), "create", None, asdict(each) | {"role": _ROLE})
            for each in _added(before, after)
        )

    def unit(self, path: str) -> str:
        """Return the path: each sender can be added without the others."""
        return path

    def take(
        self, before: InstanceState, after: InstanceState, paths: Collection[str]
    ) -> InstanceState:
        """Return `before` with the senders at these paths."""
        taken = [each for each in _added(before, after) if _path(each) in paths]
        return with_senders(before, [*senders_of(before), *taken])

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return a place after the templates."""
        return Order.AFTER_TEMPLATES

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain the place."""
        return (
            "After the templates, so that the other changes are applied even if Azure refuses the "
            "role assignment."
        )

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return which principals may send."""
        added = _added(before, after)
        who = added[0].principal_id if len(added) == 1 else f"{len(added)} principals"
        return f"Assign the role {_ROLE} to {who}"

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of the time that role assignments take."""
        message = (
            f"A role assignment can take up to {_PROPAGATION_MINUTES} minutes to take effect. "
            "Until then, the service may refuse messages with 403."
        )
        return (message,)

    def relevant(self, found: Senders, desired: Senders) -> Senders:
        """Compare only the desired senders."""
        return [each for each in found or () if each in (desired or ())] or None

    def matches(self, found: Senders, planned: Senders) -> bool:
        """Return whether all planned senders may send."""
        return all(each in (found or ()) for each in planned or ())

    def write(self, write: Write) -> LongRunning:
        """Assign the missing roles one by one, so that an interrupted step can be repeated."""
        present = senders_of(write.resource.state)
        for sender in (each for each in senders_of(write.after) if each not in present):
            try:
                write.client.roles.let_send(
                    write.resource.arm_id,
                    UUID(sender.principal_id),
                    principal_type=sender.principal_type,
                    correlation_id=write.correlation_id,
                )
            except Forbidden as error:
                raise SenderForbidden(
                    error.message, code=error.code, status=error.status
                ) from error
            write.sent.append(sender.principal_id)
        return LongRunning(done=True)


def senders_of(state: InstanceState) -> list[Sender]:
    """Return the senders of a state."""
    return [Sender(*each) for each in state.value(_KIND) or ()]


def with_senders(state: InstanceState, senders: Iterable[Sender]) -> InstanceState:
    """Return the state with these senders."""
    return state.with_value(_KIND, to_json(senders) or None)


def to_json(senders: Iterable[Sender]) -> list[list[str]]:
    """Return the senders as JSON values, sorted."""
    return [[each.principal_id, each.principal_type] for each in sorted(set(senders))]


def read_senders(
    client: ArmClient, instance: SignalRInstance, senders: Iterable[Sender]
) -> list[Sender]:
    """Return those of the principals that may send to `instance` in Azure. Raises ArmError."""
    return [
        each
        for each in senders
        if client.roles.sending(instance.arm_id, UUID(each.principal_id)) is not None
    ]


def _added(before: InstanceState, after: InstanceState) -> list[Sender]:
    present = senders_of(before)
    return [each for each in senders_of(after) if each not in present]


def _path(sender: Sender) -> str:
    return f"senders[{sender.principal_id}]"


def desired_senders(instance: SignalRInstance) -> list[Sender]:
    """Return the desired senders of an instance."""
    return [Sender(*map(str, each)) for each in instance.desired_senders or ()]
