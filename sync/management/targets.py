"""What `plan` and `apply` are about: instances by their names, or a fleet declared in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from identities.models import SignalRInstance
from sync.declarative.comparison import Intents, check
from sync.declarative.declare import Prospect, preview, require_applicable, want_and_apply
from sync.desired.history import Author
from sync.errors import StalePlan
from sync.management.fleet_files import read_files
from sync.management.selection import select_instances
from sync.models import Operation
from sync.operations.instance_plan import plan_instance
from sync.operations.lifecycle import start_apply
from sync.operations.rendering import render_json, render_text
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from sync.planning.plan import Plan
from upstreams.redaction import redacted

Started = tuple[list[Operation], list[str]]


class Undertaking(Protocol):
    """Plans that can be shown, and then carried out."""

    @property
    def size(self) -> int:
        """How many instances would change, here or in Azure."""

    def lines(self, *, is_brief: bool = False) -> Iterator[str]:
        """Yield what would be done, for a person; briefly, only of what would change."""

    def document(self) -> dict[str, Any]:
        """Return what would be done, as JSON values."""

    def require_applicable(self) -> None:
        """Raise SyncError where it cannot be carried out."""

    def start(self) -> Started:
        """Start the operations; return them, and a sentence for each that did not start."""


@dataclass(frozen=True)
class Named:
    """Instances that are wanted as their rows say."""

    planned: Sequence[tuple[SignalRInstance, Plan]]
    paths: Sequence[str]
    digest: str | None
    who: str

    @classmethod
    def of(
        cls, names: Sequence[str], *, paths: Sequence[str], digest: str | None, who: str
    ) -> Named:
        """Plan these. Raises SyncError and InvalidDesired where one cannot be planned."""
        if digest and len(names) != 1:
            raise SyncError("A digest is of one instance's plan: name that instance alone.")
        chosen = select_instances(names, paths=paths)
        planned = [(instance, plan_instance(instance, paths)) for instance in chosen]
        return cls(planned, paths, digest, who)

    @property
    def size(self) -> int:
        """How many instances would change."""
        return sum(not plan.is_empty for _, plan in self.planned)

    def lines(self, *, is_brief: bool = False) -> Iterator[str]:
        """Yield the plans."""
        for _, plan in self.planned:
            if not (is_brief and plan.is_empty):
                yield render_text(plan) + "\n"

    def document(self) -> dict[str, Any]:
        """Return the plans."""
        return {"plans": [render_json(plan) for _, plan in self.planned]}

    def require_applicable(self) -> None:
        """Raise StalePlan where the plan is not the one of the digest."""
        if self.digest is not None and self.digest != self.planned[0][1].digest:
            raise StalePlan(self.planned[0][1])

    def start(self) -> Started:
        """Start what can be started; one instance's trouble does not stop the others."""
        operations: list[Operation] = []
        errors: list[str] = []
        for instance, plan in self.planned:
            if plan.is_empty:
                continue
            try:
                operation = start_apply(
                    instance, digest=plan.digest, paths=self.paths, requested_by_name=self.who
                )
                operations.append(operation)
            except SyncError as error:
                errors.append(f"{instance}: {error}")
        return operations, errors


@dataclass(frozen=True)
class Declared:
    """A fleet that is wanted as files say, all of it or nothing."""

    intents: Intents
    prospects: Sequence[Prospect]
    author: Author

    @classmethod
    def of(cls, files: Sequence[str], names: Sequence[str], author: Author) -> Declared:
        """Read the files and plan; with `names`, only the documents of these instances.

        Raises SyncError, with all that is wrong.
        """
        intents = check(read_files(files), names)
        return cls(intents, preview(intents, author), author)

    @property
    def size(self) -> int:
        """How many instances, and Function Apps' policies, would change."""
        apps = sum(bool(each.changes) for each in self.intents.function_apps)
        return apps + sum(not prospect.is_empty for prospect in self.prospects)

    @property
    def scope(self) -> int:
        """How many documents there are."""
        return len(self.intents.function_apps) + len(self.prospects)

    def lines(self, *, is_brief: bool = False) -> Iterator[str]:
        """Yield what is wanted otherwise here, and then the plans."""
        for name, place, changes in self._wanted():
            yield f"{place}: {name} is to be wanted otherwise:"
            yield from (f"  {_words(change)}" for change in changes)
            yield ""
        for prospect in self.prospects:
            if not (is_brief and prospect.plan.is_empty):
                yield render_text(prospect.plan) + "\n"
            if prospect.refusal:
                yield f"An apply would be refused: {prospect.refusal}\n"

    def document(self) -> dict[str, Any]:
        """Return what is wanted otherwise here, and the plans."""
        wanted = [
            {
                "name": name,
                "place": place,
                "changes": redacted([asdict(change) for change in changes]),
            }
            for name, place, changes in self._wanted()
        ]
        return {"wanted": wanted, "plans": [render_json(each.plan) for each in self.prospects]}

    def require_applicable(self) -> None:
        """Raise Undeclarable where a policy forbids it."""
        require_applicable(self.prospects)

    def start(self) -> Started:
        """Want all of it and start all operations, or raise SyncError."""
        return want_and_apply(self.intents, self.prospects, self.author), []

    def _wanted(self) -> Iterator[tuple[str, str, tuple[Change, ...]]]:
        for app in self.intents.function_apps:
            if app.changes:
                yield app.app.name, str(app.declared.place), app.changes
        for each in self.intents.instances:
            if each.changes:
                yield each.declared.name, str(each.declared.place), each.changes


def _words(change: Change) -> str:
    """Return a change in one line: an apply's plan has the details."""
    if change.action == "update":
        before, after = redacted([change.before, change.after])
        return f"~ {change.path} = {json.dumps(before)} -> {json.dumps(after)}"
    return f"{'+' if change.action == 'create' else '-'} {change.path}"
