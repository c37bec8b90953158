"""The managed parts of an instance: a module for each says how it differs and how it is written.

A plan has at most one step for a part. What is managed is this table and nothing else: plans and
applies know no part by name. Free of Django.
"""

from __future__ import annotations

from typing import Final

from sync.parts import identity, templates
from sync.parts.part import Part

PARTS: Final[tuple[Part, ...]] = (identity.PART, templates.PART)

_BY_KIND: Final = {part.kind: part for part in PARTS}


def part_of(kind: str) -> Part:
    """Return the part that a step of this kind writes. Raises ValueError for an unknown kind."""
    try:
        return _BY_KIND[kind]
    except KeyError:
        raise ValueError(f"No part of an instance is called {kind!r}.") from None
