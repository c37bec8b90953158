"""Template tags that many pages use: a time, an ID to copy, a coloured status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django import template
from django.contrib.admin.views.main import ChangeList
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

register = template.Library()

_TONES: Final = {
    "good": {
        "Synced",
        "Healthy",
        "succeeded",
        "accepted",
        "pass",
        "manage",
        "Succeeded",
        "done",
    },
    "bad": {"Missing", "Degraded", "failed", "refused", "fail", "Failed"},
    "warn": {"OutOfSync", "cancelled", "unknown", "pause", "error", "Canceled"},
    "busy": {
        "Progressing",
        "queued",
        "running",
        "propagating",
        "sending",
        "polling",
    },
}


@register.simple_tag
def moment(value: datetime | None, otherwise: str = "never") -> SafeString | str:
    """Return a time in UTC, which `portal.js` replaces by local time and keeps as the tooltip."""
    if value is None:
        return otherwise
    at = value.astimezone(UTC)
    text = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), text, text)


@register.simple_tag
def age(value: datetime) -> SafeString:
    """Return how long ago a time was, with the time in UTC as the tooltip."""
    at = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}" data-local>{}</time>',
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
        naturaltime(value),
    )


@register.simple_tag
def copyable(value: Any, label: str = "") -> SafeString | str:
    """Return an ID with a button that copies it; `label` names it for screen readers."""
    if not value:
        return "—"
    return format_html(
        '<span class="copyable"><code>{}</code>'
        '<button type="button" data-copy="{}" aria-label="Copy {}">'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span>'
        "</button></span>",
        value,
        value,
        label or value,
    )


@register.simple_tag
def pill(value: Any, label: str = "") -> SafeString:
    """Return a status in its colour, with `label` or its own label as the text."""
    name = str(getattr(value, "value", value))
    tone = next((tone for tone, names in _TONES.items() if name in names), "plain")
    text = label or getattr(value, "label", capfirst(name))
    return format_html('<span class="pill pill-{}">{}</span>', tone, text)


@register.filter
def is_filtered(changes: ChangeList) -> bool:
    """Return whether a list of the admin is searched or filtered, by its own filters or the URL."""
    values = [value for found in changes.get_filters_params().values() for value in found]
    return bool(changes.query) or any(values)
