"""Changes between two states, in colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from portal.diff import blocks, written
from sync.planning.changes import KNOWN_AFTER_APPLY, Change

register = template.Library()


@register.inclusion_tag("portal/diff.html")
def diff(changes: Iterable[Change]) -> dict[str, Any]:
    """Show what is added, changed and removed."""
    return {"blocks": blocks(changes)}


@register.inclusion_tag("portal/diff_value.html")
def value(value: Any) -> dict[str, Any]:
    """Show one side of a change: a value, the fields of something whole, or nothing."""
    if isinstance(value, dict):
        set_fields = [(name, written(each)) for name, each in value.items() if each is not None]
        return {"fields": set_fields}
    return {"written": written(value), "is_unknown": value == KNOWN_AFTER_APPLY}
