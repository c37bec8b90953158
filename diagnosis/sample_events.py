"""Sample events of a template, to evaluate whatever depends on the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from upstreams.url_templates.patterns import (
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    MESSAGES,
    Event,
    Template,
    first_match,
    parse,
)

# Represents every name that no pattern lists.
ANY_OTHER: Final = "signalman-any-other"


def events_of(templates: Sequence[Template], index: int) -> Iterator[Event]:
    """Yield the events that the template at `index` is the first to match.

    One event stands for all those that no template distinguishes.
    """
    template = templates[index]
    hubs = _names(templates, "hub_pattern", template.hub_pattern)
    methods = _names(templates, "event_pattern", template.event_pattern)
    for category, names in ((MESSAGES, methods), (CONNECTIONS, (CONNECTED, DISCONNECTED))):
        for hub, name in product(hubs, names):
            if first_match(templates, hub, category, name) is template:
                yield Event(hub, category, name)


def _names(templates: Sequence[Template], attribute: str, pattern: str) -> list[str]:
    """Return the names that a pattern lists; for `*`, all names that some template lists."""
    names = parse(pattern)
    if names is not None:
        return sorted(names)
    listed = (parse(getattr(each, attribute)) or frozenset() for each in templates)
    return [ANY_OTHER, *sorted(frozenset[str]().union(*listed))]
