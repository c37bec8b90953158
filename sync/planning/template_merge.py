"""Applying some of the changes from one list of templates to another. Free of Django."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import Final

from arm.instance_state import TemplateState
from sync.planning.template_diff import TemplateDiff, diff_templates

_FIELDS: Final = tuple(field.name for field in fields(TemplateState))
# Only a template with auth names a resource.
_AUTH: Final = frozenset({"auth_type", "resource"})


def unit_of(path: str) -> str:
    """Return the name shared by changes that are only valid together."""
    target, dot, field = path.rpartition(".")
    return f"{target}.auth" if dot and field in _AUTH else path


def merge(
    before: Sequence[TemplateState], after: Sequence[TemplateState], paths: Collection[str]
) -> tuple[TemplateState, ...]:
    """Return `before` with those of the changes towards `after` that are at `paths`.

    Paths are those of `components.templates.template_changes`; one that a deleted and a created
    template share means both. With all paths the result is `after`, with none `before`. An added or
    moved template is placed after the one that it follows in `after`, if that is present.
    """
    diff = diff_templates(before, after)
    coming = [
        index
        for index in range(len(after))
        if (index in diff.added and _path(index) in paths)
        or (index in diff.moved and _path(index, "position") in paths)
    ]
    order = _staying(before, diff, set(coming), paths)
    for index in coming:
        order.insert(_place(order, index), (index, None))
    return tuple(
        before[left] if left is not None else _merged(before, after, diff, index, paths)
        for index, left in order
    )


# An entry of `after` by its index, or with the second one of `before` that `after` has not.
_Entry = tuple[int, int | None]


def _staying(
    before: Sequence[TemplateState], diff: TemplateDiff, coming: set[int], paths: Collection[str]
) -> list[_Entry]:
    """Return the templates that keep their place, in the order of `before`."""
    becomes = {origin: index for index, origin in diff.kept.items()}
    order: list[_Entry] = []
    for origin in range(len(before)):
        if origin not in becomes:
            if _path(origin) not in paths:
                order.append((-1, origin))
        elif becomes[origin] not in coming:
            order.append((becomes[origin], None))
    return order


def _place(order: Sequence[_Entry], index: int) -> int:
    """Return where in `order` the entry of `after` at `index` goes."""
    earlier = [(entry, place) for place, (entry, _) in enumerate(order) if 0 <= entry < index]
    return max(earlier)[1] + 1 if earlier else 0


def _merged(
    before: Sequence[TemplateState],
    after: Sequence[TemplateState],
    diff: TemplateDiff,
    index: int,
    paths: Collection[str],
) -> TemplateState:
    if index not in diff.kept:
        return after[index]
    taken = {
        field: getattr(after[index], field) for field in _FIELDS if _path(index, field) in paths
    }
    return replace(before[diff.kept[index]], **taken)


def _path(index: int, field: str = "") -> str:
    return f"upstream.templates[{index}]" + (field and f".{field}")
