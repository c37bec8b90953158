"""Template filter that redacts keys in URLs."""

from __future__ import annotations

from django import template

from upstreams.url_templates.redaction import redact

register = template.Library()


@register.filter
def redact_keys(url: object) -> str:
    """Return the URL with each key in plain text replaced by a fingerprint."""
    return redact(str(url))
