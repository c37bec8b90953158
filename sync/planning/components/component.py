"""What a managed part of an instance has to say, so that it can be planned and written."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from arm.resources import SignalRResource
from arm.state import InstanceState
from sync.planning.changes import Change

if TYPE_CHECKING:
    from arm.async_operations import LongRunning
    from arm.client import ArmClient


class PlanOutdated(Exception):
    """Azure is no longer as the plan took it to be; the message says what is otherwise."""


class Place(IntEnum):
    """Where in a plan a step comes: the order rule, in one list."""

    EXISTENCE = 0
    BEFORE_IDENTITY = 10
    IDENTITY = 20
    AFTER_IDENTITY = 30
    TEMPLATES = 40
    AFTER_TEMPLATES = 45
    # What templates must have let go of first.
    LET_GO = 50


@dataclass(frozen=True, slots=True)
class Writing:
    """What a part needs to write one step.

    `resource` is the instance as Azure has just answered it; `after` the state that the step is to
    leave; `clients` opens the door to a subscription, by its id. A part that takes several writes
    adds to `taken` what Azure took: where the next is refused, the step was taken in part.
    """

    resource: SignalRResource
    after: InstanceState
    clients: Callable[[str], ArmClient]
    correlation_id: str
    taken: list[str] = field(default_factory=list)

    @property
    def client(self) -> ArmClient:
        """The door to the instance's own subscription."""
        return self.clients(str(self.resource.subscription_id))

    def client_of(self, arm_id: str) -> ArmClient:
        """Return the door to the subscription of a resource: not always the instance's own."""
        return self.clients(arm_id.split("/")[2])


def _no_sentences(*_states: InstanceState) -> tuple[str, ...]:
    return ()


def _all_of_it(found: Any, _wanted: Any) -> Any:
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """How some of a part's changes are made without the others.

    Changes whose paths have the same `unit` only make sense together. `take` returns the first
    state with those changes towards the second that are at these paths.
    """

    unit: Callable[[str], str]
    take: Callable[[InstanceState, InstanceState, frozenset[str]], InstanceState]


@dataclass(frozen=True, slots=True)
class Part:
    """One managed part. `kind` names its steps, and its field of InstanceState.

    `changes`, `title` and `warnings` are asked of the states before and after a step, which differ
    in this part alone. `place` is asked of the states before and after the whole plan. `problems`
    says what cannot work in a wanted state. `write` sends a step, once; it may raise an ArmError.
    `choice` is how some of its changes are made without the others; without it, all or none.

    Of a part that others share, Signalman sees more than it manages. `relevant` returns what of a
    found value a wanted one speaks of, and `holds` tells whether a found value is as good as a
    planned one. `between` is for a part that takes several writes: whether a found value is one
    that a step from the second to the third may have left on its way.
    """

    kind: str
    place: Callable[[InstanceState, InstanceState], Place]
    changes: Callable[[InstanceState, InstanceState], tuple[Change, ...]]
    title: Callable[[InstanceState, InstanceState], str]
    write: Callable[[Writing], LongRunning]
    warnings: Callable[[InstanceState, InstanceState], tuple[str, ...]] = _no_sentences
    problems: Callable[[InstanceState], tuple[str, ...]] = _no_sentences
    choice: Choice | None = None
    relevant: Callable[[Any, Any], Any] = _all_of_it
    holds: Callable[[Any, Any], bool] = operator.eq
    between: Callable[[Any, Any, Any], bool] | None = None

    def value(self, state: InstanceState) -> Any:
        """Return this part of `state`."""
        return getattr(state, self.kind)

    def may_go_on(self, found: Any, before: Any, after: Any) -> bool:
        """Tell whether a step from `before` to `after` can be sent, or sent on, as Azure is now."""
        if self.between is not None:
            return self.between(found, before, after)
        return self.holds(found, before)

    def step_towards(self, desired: InstanceState, state: InstanceState) -> InstanceState:
        """Return `state` with this part as `desired` has it."""
        return replace(state, **{self.kind: self.value(desired)})
