"""What `plan` and `apply` work on: named instances, or a fleet declared in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from accounts.actor import Actor
from identities.models import SignalRInstance
from sync.declarative.apply_fleet import Preview, declare_and_apply, preview, require_applicable
from sync.declarative.check_fleet import DeclaredChanges, check
from sync.desired.history import Author
from sync.errors import StalePlan
from sync.management.file_argument import read_files
from sync.management.instance_argument import select_instances
from sync.models import Operation
from sync.operations.plans.fleet import messages_of, start_applies
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json, render_text
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from sync.planning.plan import Plan
from upstreams.url_templates.redaction import redacted

Started = tuple[list[Operation], list[str]]


class ApplyRequest(Protocol):
    """Plans that can be shown and then applied."""

    @property
    def size(self) -> int:
        """The number of plans and declarations with changes."""

    @property
    def losses(self) -> tuple[str, ...]:
        """Permanent losses: what the plans remove and cannot restore, one message each."""

    def lines(self, *, is_brief: bool = False) -> Iterator[str]:
        """Yield the changes as text; with `is_brief`, only plans with changes."""

    def document(self) -> dict[str, Any]:
        """Return the changes as JSON values."""

    def require_applicable(self) -> None:
        """Raise SyncError if the plans cannot be applied."""

    def start(self, *, confirm_destructive: bool) -> Started:
        """Start the operations; return them, and a message for each refusal."""


@dataclass(frozen=True)
class Named:
    """Named instances, with the desired state of their rows."""

    planned: Sequence[tuple[SignalRInstance, Plan]]
    paths: Sequence[str]
    digest: str | None
    actor: Actor

    @classmethod
    def of(
        cls, names: Sequence[str], *, paths: Sequence[str], digest: str | None, actor: Actor
    ) -> Named:
        """Plan these instances. Raises SyncError if one cannot be planned."""
        if digest and len(names) != 1:
            raise SyncError("--digest needs exactly one instance.")
        selected = select_instances(names, paths=paths)
        planned = [(instance, plan_instance(instance, paths)) for instance in selected]
        return cls(planned, paths, digest, actor)

    @property
    def size(self) -> int:
        """The number of plans with changes."""
        return sum(not plan.is_empty for _, plan in self.planned)

    @property
    def losses(self) -> tuple[str, ...]:
        """Permanent losses: what the plans remove and cannot restore, one message each."""
        return tuple(f"{row}: {loss}" for row, plan in self.planned for loss in plan.losses)

    def lines(self, *, is_brief: bool = False) -> Iterator[str]:
        """Yield the plans."""
        for _, plan in self.planned:
            if not (is_brief and plan.is_empty):
                yield render_text(plan) + "\n"

    def document(self) -> dict[str, Any]:
        """Return the plans."""
        return {"plans": [render_json(plan) for _, plan in self.planned]}

    def require_applicable(self) -> None:
        """Raise StalePlan if the plan does not have the digest."""
        if self.digest is not None and self.digest != self.planned[0][1].digest:
            raise StalePlan(self.planned[0][1])

    def start(self, *, confirm_destructive: bool) -> Started:
        """Start what can be started. A refused instance does not stop the others."""
        shown = [(instance, plan.digest) for instance, plan in self.planned if not plan.is_empty]
        started = start_applies(
            shown,
            actor=self.actor,
            paths=self.paths,
            confirm_destructive=confirm_destructive,
        )
        return list(started.operations), messages_of(started.refusals)


@dataclass(frozen=True)
class Declared:
    """A fleet that files declare, applied as a whole or not at all."""

    declared_changes: DeclaredChanges
    previews: Sequence[Preview]
    author: Author

    @classmethod
    def of(cls, files: Sequence[str], names: Sequence[str], author: Author) -> Declared:
        """Read the files and plan; with `names`, only the documents of these instances.

        Raises SyncError with everything that is wrong.
        """
        declared_changes = check(read_files(files), names)
        return cls(declared_changes, preview(declared_changes, author), author)

    @property
    def size(self) -> int:
        """The number of instances and Function Apps with changes."""
        apps = sum(bool(each.changes) for each in self.declared_changes.function_apps)
        return apps + sum(not each.is_empty for each in self.previews)

    @property
    def scope(self) -> int:
        """The number of documents."""
        return len(self.declared_changes.function_apps) + len(self.previews)

    @property
    def losses(self) -> tuple[str, ...]:
        """Permanent losses: what the plans remove and cannot restore, one message each."""
        plans = [each.plan for each in self.previews]
        return tuple(f"{plan.instance}: {loss}" for plan in plans for loss in plan.losses)

    def lines(self, *, is_brief: bool = False) -> Iterator[str]:
        """Yield the changes of the desired state, and then the plans."""
        for name, place, changes in self._desired_changes():
            yield f"{place}: the desired state of {name} changes:"
            yield from (f"  {_change_text(change)}" for change in changes)
            yield ""
        for each in self.previews:
            if not (is_brief and each.plan.is_empty):
                yield render_text(each.plan) + "\n"
            if each.refusal:
                yield f"This plan cannot be applied: {each.refusal}\n"

    def document(self) -> dict[str, Any]:
        """Return the changes of the desired state, and the plans."""
        changes_of = [
            {
                "name": name,
                "place": place,
                "changes": redacted([asdict(change) for change in changes]),
            }
            for name, place, changes in self._desired_changes()
        ]
        return {"desired": changes_of, "plans": [render_json(each.plan) for each in self.previews]}

    def require_applicable(self) -> None:
        """Raise InvalidDeclarations if a policy forbids it."""
        require_applicable(self.previews)

    def start(self, *, confirm_destructive: bool) -> Started:
        """Store the desired state and start all operations, or raise SyncError."""
        operations = declare_and_apply(
            self.declared_changes,
            self.previews,
            self.author,
            confirm_destructive=confirm_destructive,
        )
        return operations, []

    def _desired_changes(self) -> Iterator[tuple[str, str, tuple[Change, ...]]]:
        for app in self.declared_changes.function_apps:
            if app.changes:
                yield app.app.name, str(app.declared.place), app.changes
        for each in self.declared_changes.instances:
            if each.changes:
                yield each.declared.name, str(each.declared.place), each.changes


def _change_text(change: Change) -> str:
    """Return a change in one line."""
    if change.action == "update":
        before, after = redacted([change.before, change.after])
        return f"~ {change.path} = {json.dumps(before)} -> {json.dumps(after)}"
    return f"{'+' if change.action == 'create' else '-'} {change.path}"
