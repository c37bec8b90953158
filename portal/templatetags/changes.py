"""Template tags for changes between two states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from portal.diff import blocks, format_value
from sync.planning.changes import KNOWN_AFTER_APPLY, Change

register = template.Library()


@register.inclusion_tag("portal/diff.html")
def diff(changes: Iterable[Change]) -> dict[str, Any]:
    """Show added, changed and removed fields."""
    return {"blocks": blocks(changes)}


@register.inclusion_tag("portal/diff_value.html")
def value(value: Any) -> dict[str, Any]:
    """Show one side of a change: a value, the fields of an object, or *not set*."""
    if isinstance(value, dict):
        set_fields = [
            (name, format_value(each)) for name, each in value.items() if each is not None
        ]
        return {"fields": set_fields}
    return {"text": format_value(value), "is_unknown": value == KNOWN_AFTER_APPLY}
