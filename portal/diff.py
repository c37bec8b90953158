"""Changes as pages show them: one block for each thing that changes, one line for each field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sync.operations.rendering import SIGNS
from sync.planning.changes import KNOWN_AFTER_APPLY, Action, Change
from upstreams.redaction import redacted

# What a screen reader says instead of a sign.
WORDS: Final = {"+": "added", "~": "changed", "-": "removed"}


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its sign, and its value before and after; None where there is none."""

    sign: str
    field: str
    before: str | None
    after: str | None

    @property
    def word(self) -> str:
        """The sign in a word."""
        return WORDS[self.sign]

    @property
    def is_unknown(self) -> bool:
        """Whether only Azure can say what the value will be."""
        return self.after == KNOWN_AFTER_APPLY


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that is created, updated or deleted, with its fields."""

    action: Action
    target: str
    lines: tuple[Line, ...]

    @property
    def sign(self) -> str:
        """Terraform's sign of the action."""
        return SIGNS[self.action]

    @property
    def word(self) -> str:
        """The sign in a word."""
        return WORDS[self.sign]


def blocks(changes: Iterable[Change]) -> tuple[Block, ...]:
    """Return the changes, in their order, gathered by what they change."""
    return tuple(
        Block(action, target, tuple(line for change in group for line in _lines(change)))
        for (target, action), group in groupby(changes, key=lambda one: (one.target, one.action))
    )


def stored_changes(documents: Iterable[dict[str, Any]]) -> tuple[Change, ...]:
    """Return the changes that a step of an operation has stored."""
    return tuple(Change(**document) for document in documents)


def _lines(change: Change) -> list[Line]:
    if change.action == "update":
        sign = "+" if change.before is None else "-" if change.after is None else "~"
        return [Line(sign, change.field, written(change.before), written(change.after))]
    fields = change.after if change.action == "create" else change.before
    return [
        Line("+", field, None, written(value))
        if change.action == "create"
        else Line("-", field, written(value), None)
        for field, value in fields.items()
        if value is not None
    ]


def written(value: Any) -> str | None:
    """Return a value as JSON writes it, so that text and what looks like text are told apart.

    Without the keys that stand in clear in an address.
    """
    if value is None:
        return None
    return KNOWN_AFTER_APPLY if value == KNOWN_AFTER_APPLY else json.dumps(redacted(value))
