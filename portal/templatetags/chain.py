"""The drawings of the chain's picture: a glyph for each link and a mark for each outcome."""

from __future__ import annotations

from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from diagnosis.chain.chain import LinkOutcome
from diagnosis.chain.links import Link

register = template.Library()

# Outlines on a grid of 18 units.
_GLYPHS: Final = {
    Link.CLIENT: "M2.5 3.5h13v9h-13zM6 15.5h6M9 12.5v3",
    Link.SERVICE: "M5 14.5a3.5 3.5 0 0 1-.3-7 4.5 4.5 0 0 1 8.7-.6 3.8 3.8 0 0 1-.4 7.6z",
    Link.TEMPLATE: "M2.5 9h5l4-5h4M7.5 9l4 5h4M13.5 2l2 2-2 2M13.5 12l2 2-2 2",
    Link.KEY_VAULT: "M9.5 8.5l6-6M12.5 5.5l2 2M6.5 15a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
    Link.TOKEN: "M9 2l6 2.3v4.2c0 3.6-2.4 6.2-6 7.5-3.6-1.3-6-3.9-6-7.5V4.3zM6.3 9l2 2 3.5-3.7",
    Link.RECEIVER: "M3 3h12v5H3zM3 10h12v5H3zM5.5 5.5h1M5.5 12.5h1",
    Link.HANDLER: "M6 4.5L2 9l4 4.5M12 4.5L16 9l-4 4.5M10.3 3l-2.6 12",
    Link.SENDER: "M2.5 8.5L15.5 2.5l-4 13-3.2-5zM8.3 10.5l7.2-8",
}
# The shape behind a mark, and the mark, around the origin. Shapes differ, as colours do.
_MARKS: Final[dict[LinkOutcome, tuple[str, str]]] = {
    "pass": ("M0-8a8 8 0 1 1 0 16 8 8 0 0 1 0-16z", "M-3.5 0.2-1 2.8 3.7-2.6"),
    "fail": (
        "M-3.3-8h6.6L8-3.3v6.6L3.3 8h-6.6L-8 3.3v-6.6z",
        "M-2.8-2.8 2.8 2.8M2.8-2.8-2.8 2.8",
    ),
    "unknown": (
        "M0-9 9 0 0 9-9 0z",
        "M-1.9-1.7a1.9 1.9 0 1 1 2.9 1.6q-1 .6-1 1.5M0 3.8v.1",
    ),
    "not_checked": ("M0-7a7 7 0 1 1 0 14 7 7 0 0 1 0-14z", "M-3 0h6"),
}


@register.simple_tag
def glyph(link: Link) -> SafeString:
    """Return the glyph of a link."""
    return format_html('<path d="{}"/>', _GLYPHS[link])


@register.simple_tag
def mark(outcome: LinkOutcome) -> SafeString:
    """Return the mark of an outcome."""
    return format_html(
        '<path class="chain-shape" d="{}"/><path class="chain-sign" d="{}"/>', *_MARKS[outcome]
    )
