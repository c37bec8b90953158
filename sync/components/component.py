"""The base class of components: what each one reads, derives, compares and writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from arm.instance_state import IdentityState, InstanceState, TemplateState
from arm.resources import SignalRResource
from identities.models import KeyVault, SignalRInstance
from sync.planning.planned_component import PlannedComponent
from upstreams.models import FunctionApp
from upstreams.token_requests.versions import Registrations

if TYPE_CHECKING:
    from arm.async_operations import LongRunning
    from arm.client import ArmClient


class PlanOutdated(Exception):
    """Azure differs from what the plan assumed. The message says how."""


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Rows that many instances need, fetched once for a loop over instances.

    None means not fetched: a component then queries what it needs for one instance. `templates` and
    `identities`, the desired ones, are by the primary key of the instance.
    """

    vaults: Mapping[str, KeyVault] | None = None
    apps: Collection[FunctionApp] | None = None
    registrations: Registrations | None = None
    templates: Mapping[int, tuple[TemplateState, ...]] | None = None
    identities: Mapping[int, IdentityState] | None = None

    @property
    def has_no_apps(self) -> bool:
        """Whether the Function Apps were fetched, and plans may write none."""
        return self.apps is not None and not self.apps

    def templates_of(self, instance: SignalRInstance) -> tuple[TemplateState, ...]:
        """Return the templates in the rows of `instance`.

        Raises KeyError if those of other instances were fetched.
        """
        if self.templates is None:
            return tuple(row.state for row in instance.upstream_templates.all())
        return self.templates[instance.pk]

    def identity_of(self, instance: SignalRInstance) -> IdentityState:
        """Return the desired identity in the row of `instance`.

        Raises KeyError if those of other instances were fetched.
        """
        if self.identities is None:
            return instance.identity.state
        return self.identities[instance.pk]


NOT_FETCHED: Final = SharedRows()


@dataclass(frozen=True, slots=True)
class Write:
    """The input of a component that sends one step.

    `resource` is the instance as Azure has just answered; `after` is the state after the step;
    `clients` returns the Azure client of a subscription by its id. A component that needs several
    requests adds to `sent` what Azure accepted: if a later one is refused, the step was applied in
    part.
    """

    resource: SignalRResource
    after: InstanceState
    clients: Callable[[str], ArmClient]
    correlation_id: str
    sent: list[str] = field(default_factory=list)

    @property
    def client(self) -> ArmClient:
        """The Azure client of the instance's own subscription."""
        return self.clients(str(self.resource.subscription_id))

    def client_of(self, arm_id: str) -> ArmClient:
        """Return the Azure client of a resource's subscription, which may be another one."""
        return self.clients(arm_id.split("/")[2])


class Component(PlannedComponent):
    """One managed component of an instance.

    A subclass says how its value is read from Azure (`read`) and derived from our rows
    (`desired`), how two states of it differ (`changes`), where its step belongs (`order`,
    `explain`) and how the step is sent (`write`). The other methods have defaults that suit a
    component whose value is a part of the instance's own ARM resource.
    """

    # Whether rows state the value. Such values are in the history; others follow from rows.
    is_declared: ClassVar[bool] = False

    def read(self, resource: SignalRResource) -> Any:
        """Return the value in Azure's answer about the instance."""
        return self.value(resource.state)

    def observed(self, instance: SignalRInstance, state: InstanceState, rows: SharedRows) -> Any:
        """Return the observed value from our rows; `state` is Azure's last answer."""
        return self.value(state)

    def desired(self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows) -> Any:
        """Return the desired value from our rows.

        `declared` has the values of the declared components, and none of them for such a one.
        """
        return self.value(declared)

    def copied(self, state: InstanceState) -> Any:
        """Return what `desired` returns after `copy_observed` of this state, without the rows.

        Of a declared component.
        """
        return self.value(state)

    def write(self, write: Write) -> LongRunning:
        """Send the step, once. Raises ArmError and PlanOutdated."""
        raise NotImplementedError(f"{self.kind} is never written.")

    def as_planned(self, instance: SignalRInstance, value: Any) -> Any:
        """Return an observed value as a plan is to see it."""
        return value

    def complete(
        self,
        instance: SignalRInstance,
        observed: InstanceState,
        desired: InstanceState,
        selected: InstanceState,
    ) -> Any:
        """Return the value of a partial plan's target, with what the selected changes require."""
        return self.value(selected)

    def before_deletion(self, instance: SignalRInstance, value: Any) -> Any:
        """Return the value from which a plan deletes the instance."""
        return value

    def require_known(
        self, instance: SignalRInstance, desired: InstanceState, rows: SharedRows
    ) -> None:
        """Raise NeverRead if a plan needs facts that were never read from Azure."""

    def read_requests(self, value: Any) -> int:
        """Return how many requests it takes to read this value, besides the instance's own."""
        return 0

    def before_write(
        self, instance: SignalRInstance, before: InstanceState, after: InstanceState
    ) -> None:
        """Record that a step is about to be sent; runs in the transaction of that record."""

    def propagating(
        self, before: InstanceState, after: InstanceState, later: Collection[str]
    ) -> frozenset[str]:
        """Return the names of what may not be in effect when the step is done.

        `later` are the kinds of the steps that follow it.
        """
        return frozenset()

    def in_effect(
        self, instance: SignalRInstance, target: InstanceState, since: datetime
    ) -> frozenset[str]:
        """Return the names of what was seen to be in effect since that time."""
        return frozenset()

    def copy_observed(
        self, observed_states: Sequence[tuple[SignalRInstance, InstanceState]]
    ) -> None:
        """Change rows so that the desired value is the one in the state beside each instance.

        Runs in a transaction, for many instances in few queries.
        """

    def accept(
        self,
        instance: SignalRInstance,
        desired: InstanceState,
        accepted: InstanceState,
        *,
        who: str,
    ) -> None:
        """Change rows on which the value depends, so that `accepted` is desired and record it."""
