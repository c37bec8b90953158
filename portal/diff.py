"""Changes as pages show them: a block for each changed object, a line for each field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sync.operations.plans.output import SIGNS
from sync.planning.changes import KNOWN_AFTER_APPLY, Action, Change
from upstreams.url_templates.redaction import redacted

# For screen readers, instead of the sign.
WORDS: Final = {"+": "added", "~": "changed", "-": "removed"}


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its sign, and its values before and after; None where there is no value."""

    sign: str
    field: str
    before: str | None
    after: str | None

    @property
    def word(self) -> str:
        """The sign as a word."""
        return WORDS[self.sign]

    @property
    def is_unknown(self) -> bool:
        """Whether the value is known only after the apply."""
        return self.after == KNOWN_AFTER_APPLY


@dataclass(frozen=True, slots=True)
class Block:
    """An object that is created, updated or deleted, with its fields."""

    action: Action
    target: str
    lines: tuple[Line, ...]

    @property
    def sign(self) -> str:
        """Terraform's sign for the action."""
        return SIGNS[self.action]

    @property
    def word(self) -> str:
        """The sign as a word."""
        return WORDS[self.sign]


def blocks(changes: Iterable[Change]) -> tuple[Block, ...]:
    """Return the changes in their order, grouped by the object that they change."""
    return tuple(
        Block(action, target, tuple(line for change in group for line in _lines(change)))
        for (target, action), group in groupby(changes, key=lambda one: (one.target, one.action))
    )


def stored_changes(documents: Iterable[dict[str, Any]]) -> tuple[Change, ...]:
    """Return the stored changes of an operation's step."""
    return tuple(Change(**document) for document in documents)


def _lines(change: Change) -> list[Line]:
    if change.action == "update":
        sign = "+" if change.before is None else "-" if change.after is None else "~"
        return [Line(sign, change.field, format_value(change.before), format_value(change.after))]
    fields = change.after if change.action == "create" else change.before
    return [
        Line("+", field, None, format_value(value))
        if change.action == "create"
        else Line("-", field, format_value(value), None)
        for field, value in fields.items()
        if value is not None
    ]


def format_value(value: Any) -> str | None:
    """Return a value as JSON, so that the text "1" and the number 1 look different.

    Keys in URLs are redacted.
    """
    if value is None:
        return None
    return KNOWN_AFTER_APPLY if value == KNOWN_AFTER_APPLY else json.dumps(redacted(value))
