"""The buttons that rearrange the template list: add, move up, move down, remove; also dragging."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.core.exceptions import SuspiciousOperation

from portal.instance.upstream.forms import NEW_ROW

Rows = Sequence[Mapping[str, str]]

# The value of a template's button: its action and the number of the template.
_TEMPLATE_BUTTON: Final = re.compile(r"(?P<action>up|down|remove)-(?P<number>[1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class TemplateButtons:
    """The buttons of one template, each as its id and value. `number` counts from 1."""

    number: int

    @property
    def move_up(self) -> str:
        """The button that moves the template up."""
        return f"up-{self.number}"

    @property
    def move_down(self) -> str:
        """The button that moves the template down."""
        return f"down-{self.number}"

    @property
    def remove(self) -> str:
        """The button that removes the template."""
        return f"remove-{self.number}"


class Edit(NamedTuple):
    """A list after a button: what a screen reader announces, and the button to focus."""

    rows: Rows
    announcement: str
    focus: str = ""


def apply_button(rows: Rows, button: str) -> Edit:
    """Return the list as the button with that value changes it. Raises SuspiciousOperation."""
    if button == "add":
        return Edit([*rows, NEW_ROW], f"Template {len(rows) + 1} was added.")
    if button == "reorder":
        return Edit(rows, "The order was changed. Save to keep it.")
    found = _TEMPLATE_BUTTON.fullmatch(button)
    if found is None or int(found["number"]) > len(rows):
        raise SuspiciousOperation("Unknown action.")
    number = int(found["number"])
    if found["action"] == "remove":
        return Edit([*rows[: number - 1], *rows[number:]], f"Template {number} was removed.", "add")
    return _move(rows, number, found["action"])


def _move(rows: Rows, number: int, action: str) -> Edit:
    """Move a template up or down by one; the first and the last stay where they are."""
    step = -1 if action == "up" else 1
    target = min(max(1, number + step), len(rows))
    moved = list(rows)
    moved.insert(target - 1, moved.pop(number - 1))
    # The button that was pressed is disabled at the end of the list.
    buttons = TemplateButtons(target)
    pressed = buttons.move_up if action == "up" else buttons.move_down
    enabled = {1: buttons.move_down, len(rows): buttons.move_up}.get(target, pressed)
    return Edit(moved, f"Template {number} is now number {target} of {len(rows)}.", enabled)
