"""The ordered steps that turn what Azure has into what is wanted: a pure function of two states.

The order is a rule: an identity exists before a grant names it or a signed template uses it, a
grant before the template that needs it, and templates let go of an identity before it is removed.
So an apply that stops after any step leaves no signed template without an identity, unless Azure
had that already. A switch to a user-assigned identity, whose principal is known, grants first; one
to a system-assigned identity cannot, and its step says what is unavailable meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from arm.state import ABSENT, InstanceState
from sync.planning.changes import Change
from sync.planning.components import PARTS, part_of, relevant_to
from sync.planning.components.component import Part


class InvalidDesired(ValueError):
    """What is wanted cannot work in Azure. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One write to Azure: the state that it leaves, and the changes that it makes.

    `kind` is that of the part that it writes. `warnings` say what stops working because of it, and
    until when.
    """

    kind: str
    title: str
    changes: tuple[Change, ...]
    after: InstanceState
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The step's name in its plan; a plan has at most one step of a kind."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, in their order, that lead an instance from `before` to `target`."""

    instance: str
    before: InstanceState
    steps: tuple[Step, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether Azure has what is wanted."""
        return not self.steps

    @property
    def states(self) -> tuple[InstanceState, ...]:
        """The state before each step, and the one after the last."""
        return (self.before, *(step.after for step in self.steps))

    @property
    def target(self) -> InstanceState:
        """The state that the last step leaves."""
        return self.states[-1]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of every step."""
        return tuple(change for step in self.steps for change in step.changes)

    @property
    def digest(self) -> str:
        """SHA-256 of the plan, in hexadecimal: an apply names it, to carry out what was shown."""
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
                )
                for step in value["steps"]
            ),
        )


def plan(desired: InstanceState, observed: InstanceState, *, instance: str) -> Plan:
    """Return the steps that turn `observed` into `desired` on the instance of that name.

    Raises InvalidDesired where there is something to write and it could not work. What Azure
    already has is never refused, so the plan straight after an import is empty.
    """
    observed = relevant_to(desired, observed)
    if desired == observed:
        return Plan(instance, observed)
    if found := problems(desired):
        raise InvalidDesired(f"{instance}: {' '.join(found)}")
    steps: list[Step] = []
    state = observed
    for part in sorted(PARTS, key=lambda part: part.place(observed, desired)):
        after = part.step_towards(desired, state)
        if after != state:
            steps.append(_step(part, state, after))
            state = after
    return Plan(instance, observed, tuple(steps))


def removal(observed: InstanceState, *, instance: str) -> Plan:
    """Return the one step that deletes the instance of that name, with all it has."""
    return Plan(instance, observed, (_step(part_of("existence"), observed, ABSENT),))


def problems(desired: InstanceState) -> tuple[str, ...]:
    """Return a sentence for each thing wanted that cannot work in Azure."""
    return tuple(problem for part in PARTS for problem in part.problems(desired))


def _step(part: Part, before: InstanceState, after: InstanceState) -> Step:
    return Step(
        kind=part.kind,
        title=part.title(before, after),
        changes=part.changes(before, after),
        after=after,
        warnings=part.warnings(before, after),
    )
