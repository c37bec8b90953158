"""The service mode component: whether Azure sends events upstream, or to hub servers.

Only a desired mode is compared and written; an instance without one keeps the mode that it has.
Source: "Service mode in Azure SignalR Service", learn.microsoft.com/azure/azure-signalr.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from arm.instance_state import InstanceState
from arm.request_bodies import CLASSIC, DEFAULT, SERVERLESS, service_mode_patch
from arm.resources import SignalRResource
from identities.models import SignalRInstance
from sync.components.component import Component, SharedRows, Write
from sync.planning.changes import Change
from sync.planning.step_order import Order

if TYPE_CHECKING:
    from arm.async_operations import LongRunning

_KIND: Final = "service_mode"
_EFFECTS: Final = {
    SERVERLESS: (
        "In Serverless mode, the service rejects hub servers. Connected hub servers and their "
        "clients are disconnected. Events go to the upstream templates instead."
    ),
    DEFAULT: (
        "In Default mode, the service sends no events to upstream templates, and clients cannot "
        "connect to a hub without a hub server. Connected clients are disconnected."
    ),
    CLASSIC: (
        "In Classic mode, the service sends the events of a hub upstream only while no hub server "
        "is connected to it. Connected clients may be disconnected."
    ),
}

Mode = str | None


class ServiceModeComponent(Component):
    """Changes the service mode of an instance that has a desired one."""

    kind = _KIND
    is_declared = True

    def read(self, resource: SignalRResource) -> Mode:
        """Return the value of the feature flag ServiceMode."""
        return resource.service_mode or None

    def observed(self, instance: SignalRInstance, state: InstanceState, rows: SharedRows) -> Mode:
        """Return the observed mode; None where it is not compared.

        An instance whose creation failed is created again, with its mode.
        """
        is_compared = bool(instance.desired_service_mode) and not state.is_absent
        if not is_compared or (instance.create_if_missing and instance.is_creation_failed):
            return None
        # Answers that an earlier release stored have no mode.
        return mode_of(state) or instance.service_mode or None

    def desired(self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows) -> Mode:
        """Return the desired mode; None if the mode is not managed."""
        return instance.desired_service_mode or None

    def copy_observed(
        self, observed_states: Sequence[tuple[SignalRInstance, InstanceState]]
    ) -> None:
        """Write the modes into the instances' rows."""
        changed: defaultdict[str, list[int]] = defaultdict(list)
        for instance, state in observed_states:
            mode = mode_of(state)
            if instance.desired_service_mode != mode:
                instance.desired_service_mode = mode
                changed[mode].append(instance.pk)
        for mode, keys in changed.items():
            SignalRInstance.objects.filter(pk__in=keys).update(desired_service_mode=mode)

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the change of the mode."""
        old, new = self.value(before), self.value(after)
        return () if old == new else (Change("instance.service_mode", "update", old, new),)

    def step_towards(self, desired: InstanceState, state: InstanceState) -> InstanceState:
        """Return `state` with the desired mode. An instance is created with it, without a step."""
        existence = state.existence
        is_created_with_it = existence is None or existence.service_mode == mode_of(desired)
        if self.value(state) is None and self.value(desired) is not None and is_created_with_it:
            return state
        return super().step_towards(desired, state)

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return a place before the templates for the mode that sends upstream, or after them."""
        is_upstream_on = self.value(after) == SERVERLESS
        return Order.BEFORE_TEMPLATES if is_upstream_on else Order.AFTER_TEMPLATES

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain the place."""
        if self.value(after) == SERVERLESS:
            return "Before the templates, because they take effect only in Serverless mode."
        return "After the templates, so that no event is sent to a template that the plan removes."

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return which mode is set."""
        return f"Change the service mode to {self.value(after)}"

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of the connections that are lost, and of templates without effect."""
        mode = mode_of(after)
        effect = _EFFECTS.get(mode, "Connected hub servers and clients may be disconnected.")
        if mode == DEFAULT and after.templates:
            return (effect, "The instance's upstream templates have no effect in this mode.")
        return (effect,)

    def relevant(self, found: Mode, desired: Mode) -> Mode:
        """Compare only a mode that is desired."""
        return None if desired is None else found

    def matches(self, found: Mode, planned: Mode) -> bool:
        """Return whether the mode is the planned one, if one is planned."""
        return planned is None or found == planned

    def write(self, write: Write) -> LongRunning:
        """PATCH the feature flag; Azure leaves flags alone that a PATCH does not name."""
        return write.client.patch_instance(
            write.resource.resource_group,
            write.resource.name,
            service_mode_patch(mode_of(write.after)),
            correlation_id=write.correlation_id,
        )


def mode_of(state: InstanceState) -> str:
    """Return the service mode of a state; empty if it has none."""
    return state.value(_KIND) or ""


def with_mode(state: InstanceState, mode: str) -> InstanceState:
    """Return the state with that service mode; an empty one is none."""
    return state.with_value(_KIND, mode or None)
