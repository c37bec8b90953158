"""Matching an event with upstream templates, and the URL of the one that matches.

Source: Microsoft's "Upstream endpoints" page; case and trimming as in Microsoft's emulator: a
pattern is `*`, one name, or names separated by commas, compared case-sensitively.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

Template = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{(hub|category|event)\}")
_REFERENCE = re.compile(
    r"\{@Microsoft\.KeyVault\(SecretUri=(https://[^/\s)]+/secrets/[^/\s)]+(?:/[0-9a-fA-F]{32})?/?)\)\}"
)


def first_match(
    templates: Sequence[Template], hub: str, category: str, event: str
) -> tuple[int, Template] | None:
    """Return the first template that matches the event, and its index in the list."""
    names = {"hubPattern": hub, "categoryPattern": category, "eventPattern": event}
    for index, template in enumerate(templates):
        if all(_matches(template.get(pattern), name) for pattern, name in names.items()):
            return index, template
    return None


@lru_cache(maxsize=4096)
def _matches(pattern: str | None, name: str) -> bool:
    names = {part.strip() for part in (pattern or "*").split(",")}
    return "*" in names or name in names


def expand(url_template: str, names: dict[str, str], secret: Callable[[str], str]) -> str:
    """Return the URL: placeholders escaped (RFC 3986), references replaced by their secret.

    `names` holds hub, category and event. `secret` resolves a secret's URI; its errors propagate.
    """

    def escaped(match: re.Match[str]) -> str:
        return quote(names[match[1]].encode("utf-8", "replace"), safe="")

    # re.split keeps the URIs at odd indexes: a secret that holds "{hub}" is not expanded again.
    parts = _REFERENCE.split(url_template)
    for index, part in enumerate(parts):
        parts[index] = secret(part) if index % 2 else _PLACEHOLDER.sub(escaped, part)
    return "".join(parts)
