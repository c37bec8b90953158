"""Changes between two states, in colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from portal.diffs import blocks
from sync.changes import Change

register = template.Library()


@register.inclusion_tag("portal/diff.html")
def diff(changes: Iterable[Change]) -> dict[str, Any]:
    """Show what is added, changed and removed."""
    return {"blocks": blocks(changes)}
