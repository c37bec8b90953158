"""The difference of two lists of templates, which have no names: only a position and content."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from arm.instance_state import TemplateState


def _patterns(template: TemplateState) -> tuple[str, str, str]:
    return (template.hub_pattern, template.category_pattern, template.event_pattern)


# Keys by which two templates are paired, from the strictest to the loosest.
_KEYS: Final[tuple[Callable[[TemplateState], Hashable], ...]] = (
    lambda template: template,
    lambda template: (*_patterns(template), template.url_template),
    _patterns,
    lambda template: template.url_template,
)


@dataclass(frozen=True, slots=True)
class TemplateDiff:
    """The pairs of two lists, as indices.

    `kept` maps an index of `after` to its index in `before`; `moved` are those of its keys whose
    template went past another kept one; the others were `added` to `after` or `removed` from
    `before`.
    """

    kept: dict[int, int]
    moved: frozenset[int]
    added: tuple[int, ...]
    removed: tuple[int, ...]


def diff_templates(before: Sequence[TemplateState], after: Sequence[TemplateState]) -> TemplateDiff:
    """Compare two lists; the most similar templates are paired first."""
    kept: dict[int, int] = {}
    for key in _KEYS:
        taken = set(kept.values())
        free: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for index, template in enumerate(before):
            if index not in taken:
                free[key(template)].append(index)
        for index, template in enumerate(after):
            if index not in kept and (candidates := free.get(key(template))):
                kept[index] = candidates.popleft()
    taken = set(kept.values())
    return TemplateDiff(
        kept=kept,
        moved=_out_of_order(kept),
        added=tuple(index for index in range(len(after)) if index not in kept),
        removed=tuple(index for index in range(len(before)) if index not in taken),
    )


def _out_of_order(kept: dict[int, int]) -> frozenset[int]:
    """Return the fewest indices of `after` whose templates must move for the others to stay."""
    order = sorted(kept)
    staying = _longest_increasing(kept[index] for index in order)
    return frozenset(index for index in order if kept[index] not in staying)


def _longest_increasing(numbers: Iterable[int]) -> set[int]:
    """Return a longest increasing subsequence of distinct numbers, by patience sorting."""
    ends: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        previous[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    chain = set()
    link = ends[-1] if ends else None
    while link is not None:
        chain.add(link)
        link = previous[link]
    return chain
