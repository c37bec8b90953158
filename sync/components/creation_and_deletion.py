"""The existence component: creates and deletes the instance. An existing one is never recreated."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from arm.instance_state import ABSENT, EXISTS, ExistenceState, InstanceState
from identities.models import SignalRInstance
from sync.components.component import Component, SharedRows, Write
from sync.planning.changes import Change
from sync.planning.step_order import Order

if TYPE_CHECKING:
    from arm.async_operations import LongRunning

Existence = ExistenceState | None


class ExistenceComponent(Component):
    """Creates an instance that is missing, and deletes one on request."""

    kind = "existence"
    is_root = True

    def desired(
        self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows
    ) -> Existence:
        """Return the properties to create it with; none are compared unless it may be created."""
        return existence_of(instance) if instance.create_if_missing else EXISTS

    def as_planned(self, instance: SignalRInstance, value: Existence) -> Existence:
        """Treat an instance whose creation failed as missing.

        Azure keeps what it failed to create and accepts no change of it other than creating it
        again.
        """
        is_created_again = instance.create_if_missing and instance.is_creation_failed
        return None if is_created_again else value

    def before_deletion(self, instance: SignalRInstance, value: Existence) -> Existence:
        """Return that it exists: an instance whose creation failed can be deleted too."""
        return existence_of(instance)

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the creation or the deletion."""
        if before.existence is None and after.existence is not None:
            return (Change("instance", "create", None, asdict(after.existence)),)
        if before.existence is not None and after.existence is None:
            return (Change("instance", "delete", asdict(before.existence), None),)
        return ()

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return the first place."""
        return Order.EXISTENCE

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain why it comes first."""
        return "First, because all other steps change the instance."

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return what is done to the instance."""
        return "Delete the instance" if after.existence is None else "Create the instance"

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of what a deletion affects."""
        if after.existence is not None:
            return ()
        message = (
            "Clients are disconnected. The access keys and the system-assigned identity are "
            "deleted permanently, and other Azure customers can use the name."
        )
        return (message,)

    def losses(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Return the instance, if it is deleted."""
        if before.existence is None or after.existence is not None:
            return ()
        return ("The instance is deleted with its access keys and its system-assigned identity.",)

    def problems(self, desired: InstanceState) -> tuple[str, ...]:
        """Refuse other changes of an instance that is not to exist."""
        if desired.existence is None and desired != ABSENT:
            return ("The instance does not exist in Azure. Also select its creation, `instance`.",)
        return ()

    def relevant(self, found: Existence, desired: Existence) -> Existence:
        """Compare only whether it exists, not how it was created."""
        return found if found is None or desired is None else desired

    def matches(self, found: Existence, planned: Existence) -> bool:
        """Compare only whether it exists."""
        return (found is None) == (planned is None)

    def before_write(
        self, instance: SignalRInstance, before: InstanceState, after: InstanceState
    ) -> None:
        """Record that the creation is sent, so that a failed one is recognised."""
        if before.existence is None and after.existence is not None:
            instance.mark_creating()

    def write(self, write: Write) -> LongRunning:
        """Create or delete the instance."""
        group, name = write.resource.resource_group, write.resource.name
        correlation = write.correlation_id
        if write.after.existence is None:
            return write.client.delete_instance(group, name, correlation_id=correlation)
        return write.client.create_instance(
            group, name, write.after.existence, correlation_id=correlation
        )


def existence_of(instance: SignalRInstance) -> ExistenceState:
    """Return the properties of `instance` that are set when it is created."""
    mode = instance.desired_service_mode or instance.service_mode
    return ExistenceState(instance.location, instance.sku, mode)
