"""The ordered steps from observed to desired state: a pure function of two states.

`Order` says which step comes first. An apply that stops after any step therefore leaves no signed
template without an identity, unless Azure was already in that state. A switch to a user-assigned
identity grants access first, because its principal is known; a switch to a system-assigned identity
cannot, and its step warns of what is unavailable in between.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from arm.instance_state import ABSENT, InstanceState
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from sync.planning.planned_component import PlannedComponent
from sync.planning.state_match import relevant_to


class InvalidDesired(SyncError, ValueError):
    """Azure would not accept the desired state. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One write to Azure: its changes, and the state after it.

    `kind` is that of the component that it writes. `warnings` say what stops working because of it,
    and until when. `losses` say what it removes and cannot restore.
    """

    kind: str
    title: str
    changes: tuple[Change, ...]
    after: InstanceState
    warnings: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The step's name in its plan; a plan has at most one step of a kind."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered steps that take an instance from `before` to `target`."""

    instance: str
    before: InstanceState
    steps: tuple[Step, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether Azure already has the desired state."""
        return not self.steps

    @property
    def states(self) -> tuple[InstanceState, ...]:
        """The state before each step, and the state after the last one."""
        return (self.before, *(step.after for step in self.steps))

    @property
    def target(self) -> InstanceState:
        """The state after the last step."""
        return self.states[-1]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of every step."""
        return tuple(change for step in self.steps for change in step.changes)

    @property
    def losses(self) -> tuple[str, ...]:
        """Permanent losses; not empty for a destructive plan."""
        return tuple(loss for step in self.steps for loss in step.losses)

    @property
    def digest(self) -> str:
        """SHA-256 of the plan, in hexadecimal. An apply names it, so that it is the plan shown."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values; `from_json` reads it back."""
        return {
            "instance": self.instance,
            "before": self.before.to_json(),
            "steps": [
                {
                    "kind": step.kind,
                    "title": step.title,
                    "changes": [asdict(change) for change in step.changes],
                    "after": step.after.to_json(),
                    "warnings": list(step.warnings),
                    "losses": list(step.losses),
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Plan:
        """Read what `to_json` wrote."""
        return cls(
            instance=value["instance"],
            before=InstanceState.from_json(value["before"]),
            steps=tuple(
                Step(
                    kind=step["kind"],
                    title=step["title"],
                    changes=tuple(Change(**change) for change in step["changes"]),
                    after=InstanceState.from_json(step["after"]),
                    warnings=tuple(step["warnings"]),
                    # Plans that an earlier release stored have none.
                    losses=tuple(step.get("losses", ())),
                )
                for step in value["steps"]
            ),
        )


def plan(
    components: Sequence[PlannedComponent],
    desired: InstanceState,
    observed: InstanceState,
    *,
    instance: str,
) -> Plan:
    """Return the steps that turn `observed` into `desired` on the instance of that name.

    Raises InvalidDesired if there is something to write that Azure would not accept. What Azure
    already has is never refused, so the plan straight after an import is empty.
    """
    # Equal states need no `relevant_to`, which would return them unchanged.
    if desired == observed or desired == (observed := relevant_to(components, desired, observed)):
        return Plan(instance, observed)
    if found := problems(components, desired):
        raise InvalidDesired(f"{instance}: {' '.join(found)}")
    steps: list[Step] = []
    state = observed
    for component in sorted(components, key=lambda each: each.order(observed, desired)):
        after = component.step_towards(desired, state)
        if after != state:
            steps.append(_step(component, state, after))
            state = after
    return Plan(instance, observed, tuple(steps))


def removal(
    components: Sequence[PlannedComponent], observed: InstanceState, *, instance: str
) -> Plan:
    """Return the plan that deletes the instance of that name, with everything it has."""
    (root,) = (component for component in components if component.is_root)
    return Plan(instance, observed, (_step(root, observed, ABSENT),))


def problems(components: Iterable[PlannedComponent], desired: InstanceState) -> tuple[str, ...]:
    """Return a message for each reason why Azure would not accept `desired`."""
    return tuple(problem for each in components for problem in each.problems(desired))


def _step(component: PlannedComponent, before: InstanceState, after: InstanceState) -> Step:
    return Step(
        kind=component.kind,
        title=component.title(before, after),
        changes=component.changes(before, after),
        after=after,
        warnings=component.warnings(before, after),
        losses=component.losses(before, after),
    )
