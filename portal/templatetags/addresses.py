"""Addresses on pages that only show them: keys in clear are hidden."""

from __future__ import annotations

from django import template

from upstreams.redaction import redact

register = template.Library()


@register.filter
def hiding_keys(address: object) -> str:
    """Return the address with a fingerprint in the place of each key that stands in clear."""
    return redact(str(address))
