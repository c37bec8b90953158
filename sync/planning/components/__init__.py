"""The managed parts of an instance: a module for each says how it differs and how it is written.

A plan has at most one step for a part. What is managed is this table and nothing else: plans and
applies know no part by name. Free of Django.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from arm.state import InstanceState
from sync.planning.components import existence, function_apps, grants, identity, templates
from sync.planning.components.component import Part

PARTS: Final[tuple[Part, ...]] = (
    existence.PART,
    identity.PART,
    grants.PART,
    function_apps.PART,
    templates.PART,
)

_BY_KIND: Final = {part.kind: part for part in PARTS}


def part_of(kind: str) -> Part:
    """Return the part that a step of this kind writes. Raises ValueError for an unknown kind."""
    try:
        return _BY_KIND[kind]
    except KeyError:
        raise ValueError(f"No part of an instance is called {kind!r}.") from None


def relevant_to(desired: InstanceState, observed: InstanceState) -> InstanceState:
    """Return what of `observed` can be compared with `desired`: the rest is left alone."""
    return replace(
        observed,
        **{part.kind: part.relevant(part.value(observed), part.value(desired)) for part in PARTS},
    )


def is_in_sync(desired: InstanceState, observed: InstanceState) -> bool:
    """Tell whether Azure has all that is wanted, and nothing managed besides."""
    return relevant_to(desired, observed) == desired


def holds(found: InstanceState, planned: InstanceState) -> bool:
    """Tell whether what Azure has is as good as `planned`."""
    return all(part.holds(part.value(found), part.value(planned)) for part in PARTS)


def may_go_on(found: InstanceState, before: InstanceState, after: InstanceState) -> bool:
    """Tell whether a step from `before` to `after` can be sent, or sent on, as Azure is now."""
    return all(
        part.may_go_on(part.value(found), part.value(before), part.value(after)) for part in PARTS
    )
